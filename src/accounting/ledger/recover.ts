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
  user_id: string;
  team_id: string;
  endpoint: string;
  model: string;
  amount: string;
  created_at_ms: number;
  /** Settled already: only a damaged ledger has such a hold. */
  is_settled: number;
}

/**
 * Resolves every hold left open by a process that died: its call is charged at the hold, with
 * outcome `unknown` and one event, because what the provider did with it cannot be known any more.
 * A hold whose call has a record is dropped, with an event of its own: nothing is charged twice. Those
 * of other services' reservations stay: their services know what became of them.
 * Runs before the server listens, and only while no other server owns the file, so that every hold
 * found is an orphan. Returns how many there were.
 */
export function recoverHolds(database: Database, nowMs: number): number {
  const statements = prepare(database);
  const open = database.prepare<[], OpenHold>(
    `select *, cast(amount_nano as text) as amount,
       id in (select id from usage_records) as is_settled from holds
     where is_settled
       or id not in (select id from remote_calls where kind = 'reservation') order by id`,
  );
  const note = database.prepare(
    `insert into events (at, type, subject, actor, request_id, before, after)
     values (?, ?, ?, 'system', ?, null, ?)`,
  );
  const recover = database.transaction(() => {
    const holds = open.all();
    const orphans = holds.filter((hold) => hold.is_settled === 0);
    apply(statements, {
      holds: [],
      settlements: orphans.map((hold) => recordRow(orphanRecord(hold))),
    });
    for (const { id, owner, amount, is_settled: isSettled } of holds) {
      if (isSettled !== 0) statements.release.run(id);
      const charged = usdFromNano(isSettled === 0 ? BigInt(amount) : 0n);
      const type = isSettled === 0 ? 'hold.recovered' : 'hold.dropped';
      note.run(nowMs, type, id, id, JSON.stringify({ owner, charged }));
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
    userId: hold.user_id,
    teamId: hold.team_id,
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
    route: null,
    usage: noUsage(),
    usageSource: 'none',
    costNano: BigInt(hold.amount),
    priceId: '',
    isPriced: true,
    holdNano: BigInt(hold.amount),
  };
}
