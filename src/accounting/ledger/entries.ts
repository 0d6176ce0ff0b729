import { BUDGET_SCOPES } from '../../entities/budget-scope.ts';
import type { BudgetScope } from '../../entities/budget-scope.ts';
import { ROLLUP_KEYS, ROLLUP_SUMS } from './rollups.ts';
import { ROLLED_UP } from './totals.ts';

/** Where a record says whose money it was. */
const SUBJECTS: Record<BudgetScope, string> = {
  key: 'key_id',
  team: 'team_id',
  user: 'user_id',
  pool: 'pool_id',
};

/** How a group of a roll-up follows from a record; all other groups are columns of it. */
const DERIVED: Record<string, string> = {
  quarter_ms: 'started_at_ms - started_at_ms % 900000',
};

/** What a row of the ledger adds to a sum; every other sum is a column of records alone. */
const ADDED: Record<string, { record: string; adjustment: string }> = {
  calls: { record: '1', adjustment: '0' },
  cost_nano: { record: 'cost_nano', adjustment: 'delta_nano' },
  adjusted_nano: { record: '0', adjustment: 'delta_nano' },
};

const GROUPED = [
  ...new Set([
    'started_at_ms',
    ...ROLLUP_KEYS.filter((name) => DERIVED[name] === undefined),
    ...Object.values(SUBJECTS),
  ]),
];

const added = (kind: 'record' | 'adjustment') =>
  ROLLUP_SUMS.map((name) => {
    const own = ADDED[name] ?? { record: name, adjustment: '0' };
    return `${own[kind]} as ${name}`;
  });

/** SQL: adjustments as rows that add nothing but their money, each under the groups of its record. */
const ADJUSTMENTS = `select ${[...GROUPED.map((name) => `r.${name} as ${name}`), ...added('adjustment')].join(', ')}
  from adjustments a join usage_records r on r.id = a.request_id`;

/** SQL: all that a cost is made of. Both roll-ups are the sums of these rows. */
export const ENTRIES = `select ${[...GROUPED, ...added('record')].join(', ')} from usage_records
  union all ${ADJUSTMENTS}`;

/** SQL: only the adjustments whose ids are given, as a JSON array. */
export const GIVEN_ADJUSTMENTS = `${ADJUSTMENTS} where a.id in (select value from json_each(?))`;

/** A roll-up: its table and groups, what it says, and what it is the sum of. */
export interface Rollup {
  readonly table: string;
  readonly keys: readonly string[];
  readonly sums: readonly string[];
  /** SQL for its rows as they are on record. */
  readonly stored: string;
  /** SQL for its rows out of rows such as `ENTRIES`. */
  from(rows: string): string;
}

const grouped = (name: string) =>
  DERIVED[name] === undefined ? name : `${DERIVED[name]} as ${name}`;
const summed = (name: string) => `sum(${name}) as ${name}`;
const positions = (count: number) => Array.from({ length: count }, (_, at) => at + 1).join(', ');

const USAGE: Rollup = {
  table: 'usage_rollups',
  keys: ROLLUP_KEYS,
  sums: ROLLUP_SUMS,
  stored: ROLLED_UP,
  from: (rows) =>
    `select ${[...ROLLUP_KEYS.map(grouped), ...ROLLUP_SUMS.map(summed)].join(', ')}
     from (${rows}) group by ${positions(ROLLUP_KEYS.length)}`,
};

const SPEND_SUMS = ['calls', 'cost_nano'];

const SPEND: Rollup = {
  table: 'spend_rollups',
  keys: ['scope', 'subject_id', 'quarter_ms'],
  sums: SPEND_SUMS,
  stored: 'select scope, subject_id, quarter_ms, calls, cost_nano from spend_rollups',
  from: (rows) => `with entry as materialized (${rows})
    ${BUDGET_SCOPES.map(spendOf).join(' union all ')}`,
};

function spendOf(scope: BudgetScope): string {
  const subject = SUBJECTS[scope];
  return `select '${scope}' as scope, ${subject} as subject_id, ${grouped('quarter_ms')},
    ${SPEND_SUMS.map(summed).join(', ')} from entry where ${subject} <> '' group by 2, 3`;
}

export const ROLLUPS = { usage: USAGE, spend: SPEND };
