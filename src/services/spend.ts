import { QUARTER_MS } from '../accounting/ledger/rollups.ts';
import type { BudgetScope } from '../entities/budget-scope.ts';
import type { Reader } from './reader/reader.ts';

/** Whose money, from `startMs` on, up to but not including `endMs`; epoch milliseconds. */
export interface SpendRange {
  scope: BudgetScope;
  subjectId: string;
  startMs: number;
  endMs: number;
}

/** What a range has taken. Nano-USD. */
export interface Taken {
  settledNano: bigint;
  /** The same, added up anew from records and adjustments; 0 unless asked for. */
  recordedNano: bigint;
  /** Of calls under way that began in the range, oldest first. */
  holds: TakenHold[];
}

export interface TakenHold {
  /** The request id. */
  id: string;
  keyId: string;
  model: string;
  amountNano: bigint;
  createdAtMs: number;
}

interface TakenRow {
  kind: 'settled' | 'recorded' | 'hold';
  id: string;
  keyId: string;
  model: string;
  amount: string;
  atMs: number;
}

/** Where calls say whose they are. */
const COLUMNS: Record<BudgetScope, string> = {
  key: 'key_id',
  team: 'team_id',
  user: 'user_id',
  pool: 'pool_id',
};

/** As text: what SQLite's driver hands over as a number is exact only up to 2^53. */
const SUM = 'cast(coalesce(sum(cost_nano), 0) as text)';

const SETTLED = `from spend_rollups
  where scope = ? and subject_id = ? and quarter_ms >= ? and quarter_ms < ?`;

/**
 * SQL: what records and adjustments of a range come to, from the quarters of an hour that it touches:
 * they tell between which ids its records are. `+` keeps SQLite from making an index for it.
 */
const recorded = (whose: string): string => {
  const isOfQuarter = `r.started_at_ms >= q.quarter_ms and r.started_at_ms < q.quarter_ms + ${QUARTER_MS}`;
  const isMeant = `${isOfQuarter} and +r.${whose} = ? and r.started_at_ms >= ? and r.started_at_ms < ?`;
  const quarters = `usage_quarters q cross join`;
  const isTouched = `q.quarter_ms > ? - ${QUARTER_MS} and q.quarter_ms < ?
    and unless_stopped(q.quarter_ms)`;
  return `from (
    select r.cost_nano from ${quarters} usage_records r
    where ${isTouched} and r.id between q.first_id and q.last_id and ${isMeant}
    union all
    select a.delta_nano from ${quarters} adjustments a cross join usage_records r
    where ${isTouched} and a.request_id between q.first_id and q.last_id and r.id = a.request_id
      and ${isMeant}
  )`;
};

/**
 * One statement, so one snapshot: a call that is settled meanwhile is held or spent, never both.
 * A transaction would take the write lock, and calls would wait for it.
 */
export async function takenIn(
  reader: Reader,
  range: SpendRange,
  { isProved }: { isProved: boolean },
): Promise<Taken> {
  const sums = (kind: TakenRow['kind']) =>
    `select '${kind}' as kind, '' as id, '' as "keyId", '' as model, ${SUM} as amount, 0 as "atMs"`;
  const whose = COLUMNS[range.scope];
  const [subjectId, ...times] = valuesOf(range);
  const values = [subjectId, ...times];
  const holds = `select 'hold', id, key_id, model, cast(amount_nano as text), created_at_ms from holds
    where ${whose} = ? and created_at_ms >= ? and created_at_ms < ?`;
  const proof = isProved
    ? { sql: ` union all ${sums('recorded')} ${recorded(whose)}`, values: [...times, ...values] }
    : { sql: '', values: [] };
  const rows = await reader.rows<TakenRow>(
    `${sums('settled')} ${SETTLED} union all ${holds}${proof.sql}`,
    [range.scope, ...values, ...values, ...proof.values, ...proof.values],
  );
  const sumOf = (kind: TakenRow['kind']) =>
    BigInt(rows.find((row) => row.kind === kind)?.amount ?? 0);
  const held = rows.filter(({ kind }) => kind === 'hold').map(holdOf);
  return {
    settledNano: sumOf('settled'),
    recordedNano: sumOf('recorded'),
    holds: held.toSorted((left, right) => left.createdAtMs - right.createdAtMs),
  };
}

const holdOf = ({ id, keyId, model, amount, atMs }: TakenRow): TakenHold => ({
  id,
  keyId,
  model,
  amountNano: BigInt(amount),
  createdAtMs: atMs,
});

/** Periods that never end have no end that a store could compare with. */
const valuesOf = ({ subjectId, startMs, endMs }: SpendRange): [string, number, number] => [
  subjectId,
  startMs,
  Math.min(endMs, Number.MAX_SAFE_INTEGER),
];
