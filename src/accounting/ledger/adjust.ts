import type { EntityManager } from '@mikro-orm/sqlite';
import type { AdjustmentReason } from '../../entities/adjustment.ts';
import { newId } from '../../lib/ids.ts';
import { AMOUNT_NANO_MAX } from './apply.ts';
import { CARRY_AFTER_MS, carryOver } from './carry.ts';
import { GIVEN_ADJUSTMENTS, ROLLUPS } from './entries.ts';
import type { Rollup } from './entries.ts';

/** What a call costs by now. */
export interface Standing {
  /** The request id. */
  id: string;
  /** Nano-USD, with all adjustments so far. */
  costNano: bigint;
  /** An operator has said what it costs. */
  isOperators: boolean;
}

/** What a call is to cost instead. */
export interface Correction {
  costNano: bigint;
  /** Empty where no price says so. */
  priceId: string;
}

/** Why calls are corrected, and by whom. */
export interface CorrectionFacts {
  reason: AdjustmentReason;
  actor: string;
  note: string | null;
  atMs: number;
}

/** What became of calls that a correction was found for. Nano-USD. */
export interface Corrected {
  calls: number;
  /** Adjustments written: none for a call that costs what it is to cost. */
  entries: number;
  beforeNano: bigint;
  afterNano: bigint;
}

/**
 * Corrects what calls cost, adjustments and both roll-ups, in the caller's transaction. Calls are
 * judged in it, so that nothing is corrected twice however many do it at once; null leaves one alone.
 * Ids that are on no record are passed over. Few statements, as the ledger waits meanwhile.
 * @throws RangeError for a cost that no call can have
 */
export async function adjust(
  tx: EntityManager,
  ids: readonly string[],
  facts: CorrectionFacts,
  judge: (standing: Standing) => Correction | null,
): Promise<Corrected> {
  const corrected: Corrected = { calls: 0, entries: 0, beforeNano: 0n, afterNano: 0n };
  const entries: Entry[] = [];
  for (const standing of await standingsOf(tx, ids)) {
    const correction = judge(standing);
    if (correction === null) continue;
    const { costNano, priceId } = correction;
    assertCost(costNano);
    corrected.calls += 1;
    corrected.beforeNano += standing.costNano;
    corrected.afterNano += costNano;
    const deltaNano = costNano - standing.costNano;
    if (deltaNano === 0n) continue;
    entries.push({ id: newId(), requestId: standing.id, delta: String(deltaNano), priceId });
  }
  corrected.entries = entries.length;
  if (entries.length > 0) await write(tx, entries, facts);
  return corrected;
}

/** As JSON carries it: money as text, which the column makes an integer. */
interface Entry {
  id: string;
  requestId: string;
  delta: string;
  priceId: string;
}

async function standingsOf(tx: EntityManager, ids: readonly string[]): Promise<Standing[]> {
  const rows = await tx.execute<
    { id: string; cost: string; adjusted: string; operators: number }[]
  >(
    `select r.id, cast(r.cost_nano as text) as cost,
       (select cast(coalesce(sum(delta_nano), 0) as text) from adjustments
        where request_id = r.id) as adjusted,
       (select count(*) from adjustments
        where request_id = r.id and reason = 'operator') as operators
     from json_each(?) given join usage_records r on r.id = given.value`,
    [JSON.stringify(ids)],
  );
  return rows.map(({ id, cost, adjusted, operators }) => ({
    id,
    costNano: BigInt(cost) + BigInt(adjusted),
    isOperators: operators > 0,
  }));
}

async function write(tx: EntityManager, entries: readonly Entry[], facts: CorrectionFacts) {
  const { reason, actor, note, atMs } = facts;
  await tx.execute(
    `insert into adjustments (id, request_id, at_ms, delta_nano, reason, actor, price_id, note)
     select value ->> 'id', value ->> 'requestId', ?, value ->> 'delta', ?, ?, value ->> 'priceId', ?
     from json_each(?)`,
    [atMs, reason, actor, note, JSON.stringify(entries)],
    'run',
  );
  const ids = JSON.stringify(entries.map(({ id }) => id));
  for (const rollup of Object.values(ROLLUPS)) await tx.execute(additionTo(rollup), [ids], 'run');
  // No more than what was added: however many calls are corrected, nothing piles up.
  await carryOver(tx, { beforeMs: atMs - CARRY_AFTER_MS, rowsMax: entries.length });
}

/** A group whose usage was carried over begins anew, and is added to it in its turn. */
function additionTo({ table, keys, sums, from }: Rollup): string {
  const columns = [...keys, ...sums].join(', ');
  const more = sums.map((name) => `${name} = ${name} + excluded.${name}`).join(', ');
  return `insert into ${table} (${columns}) select * from (${from(GIVEN_ADJUSTMENTS)}) where true
    on conflict (${keys.join(', ')}) do update set ${more}`;
}

function assertCost(nano: bigint): void {
  if (nano < 0n || nano > AMOUNT_NANO_MAX) throw new RangeError(`not a cost of a call: ${nano}`);
}
