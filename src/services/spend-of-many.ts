import type { Reader } from './reader/reader.ts';
import type { SpendRange } from './spend.ts';

/** What a range has taken. Nano-USD. */
export interface TakenSums {
  settledNano: bigint;
  heldNano: bigint;
}

/** As text: what SQLite's driver hands over as a number is exact only up to 2^53. */
const sum = (column: string) => `cast(coalesce(sum(${column}), 0) as text)`;

const SUMS = `
  with asked as materialized (
    select key as number, value ->> 0 as scope, value ->> 1 as subject_id,
      value ->> 2 as start_ms, value ->> 3 as end_ms
    from json_each(?)
  )
  select number,
    (select ${sum('cost_nano')} from spend_rollups s
      where s.scope = asked.scope and s.subject_id = asked.subject_id
        and s.quarter_ms >= start_ms and s.quarter_ms < end_ms) as settled,
    (select ${sum('amount_nano')} from holds h
      where h.created_at_ms >= start_ms and h.created_at_ms < end_ms
        and asked.subject_id = case asked.scope
          when 'key' then h.key_id when 'team' then h.team_id
          when 'user' then h.user_id else h.pool_id end) as held
  from asked`;

/**
 * The sums of many ranges, in order. One statement, so one snapshot: a call that is settled meanwhile
 * is held or spent, never both.
 */
export async function takenInEach(
  reader: Reader,
  ranges: readonly SpendRange[],
): Promise<TakenSums[]> {
  const asked = ranges.map(({ scope, subjectId, startMs, endMs }) => [
    scope,
    subjectId,
    startMs,
    // Periods that never end have no end that a store could compare with.
    Math.min(endMs, Number.MAX_SAFE_INTEGER),
  ]);
  const rows = await reader.rows<{ number: number; settled: string; held: string }>(SUMS, [
    JSON.stringify(asked),
  ]);
  const sums = new Map(rows.map((row) => [row.number, row]));
  return ranges.map((_range, number) => {
    const { settled = '0', held = '0' } = sums.get(number) ?? {};
    return { settledNano: BigInt(settled), heldNano: BigInt(held) };
  });
}
