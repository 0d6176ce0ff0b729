import type { EntityManager } from '@mikro-orm/sqlite';
import { ENTRIES } from '../accounting/ledger/entries.ts';
import type { BudgetScope } from '../entities/budget-scope.ts';

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
 * One statement, so one snapshot: a call that is settled meanwhile is held or spent, never both.
 * A transaction would take the write lock, and calls would wait for it.
 */
export async function takenIn(
  em: EntityManager,
  range: SpendRange,
  { isProved }: { isProved: boolean },
): Promise<Taken> {
  const sums = (kind: TakenRow['kind']) =>
    `select '${kind}' as kind, '' as id, '' as "keyId", '' as model, ${SUM} as amount, 0 as "atMs"`;
  const whose = `where ${COLUMNS[range.scope]} = ?`;
  const values = valuesOf(range);
  const parts = [
    `${sums('settled')} ${SETTLED}`,
    `select 'hold', id, key_id, model, cast(amount_nano as text), created_at_ms from holds
     ${whose} and created_at_ms >= ? and created_at_ms < ?`,
    ...(isProved
      ? [
          `${sums('recorded')} from (${ENTRIES}) ${whose} and started_at_ms >= ? and started_at_ms < ?`,
        ]
      : []),
  ];
  const all = [range.scope, ...parts.flatMap(() => values)];
  const rows = await em.execute<TakenRow[]>(parts.join(' union all '), all);
  const sumOf = (kind: TakenRow['kind']) =>
    BigInt(rows.find((row) => row.kind === kind)?.amount ?? 0);
  const holds = rows.filter(({ kind }) => kind === 'hold').map(holdOf);
  return {
    settledNano: sumOf('settled'),
    recordedNano: sumOf('recorded'),
    holds: holds.toSorted((left, right) => left.createdAtMs - right.createdAtMs),
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
const valuesOf = ({ subjectId, startMs, endMs }: SpendRange): (string | number)[] => [
  subjectId,
  startMs,
  Math.min(endMs, Number.MAX_SAFE_INTEGER),
];
