import type { Database } from 'better-sqlite3';
import type { CallRecord } from '../../entities/call-record.ts';
import { noUsage } from '../../entities/usage.ts';
import { usdFromNano } from '../../lib/money.ts';
import { apply, prepare } from './apply.ts';
import { recordRow } from './rows.ts';

interface OpenHold {
  id: string;
  owner: string;
  key_id: string;
  pool_id: string;
  endpoint: string;
  model: string;
  amount: string;
  created_at_ms: number;
}

/**
 * Resolves every hold left open by a process that died: its call is charged at the hold, with
 * outcome `unknown` and one event, because what the provider did with it cannot be known any more.
 * Runs before the server listens, and only while no other server owns the file, so that every hold
 * found is an orphan. Returns how many there were.
 */
export function recoverHolds(database: Database, nowMs: number): number {
  const statements = prepare(database);
  const orphans = database.prepare<[], OpenHold>(
    'select *, cast(amount_nano as text) as amount from holds order by id',
  );
  const note = database.prepare(
    `insert into events (at, type, subject, actor, request_id, before, after)
     values (?, 'hold.recovered', ?, 'system', ?, null, ?)`,
  );
  const recover = database.transaction(() => {
    const holds = orphans.all();
    apply(statements, {
      holds: [],
      settlements: holds.map((hold) => recordRow(orphanRecord(hold))),
    });
    for (const hold of holds) {
      const charged = usdFromNano(BigInt(hold.amount));
      note.run(nowMs, hold.id, hold.id, JSON.stringify({ owner: hold.owner, charged }));
    }
    return holds.length;
  });
  return recover.immediate();
}

function orphanRecord(hold: OpenHold): CallRecord {
  return {
    id: hold.id,
    keyId: hold.key_id,
    poolId: hold.pool_id,
    credentialId: '',
    endpoint: hold.endpoint,
    model: hold.model,
    isStream: false,
    startedAtMs: hold.created_at_ms,
    durationMs: 0,
    firstByteMs: null,
    status: 0,
    outcome: 'unknown',
    reason: 'process_died',
    attempts: [],
    usage: noUsage(),
    usageSource: 'none',
    costNano: BigInt(hold.amount),
    priceId: '',
    isPriced: true,
    holdNano: BigInt(hold.amount),
  };
}
