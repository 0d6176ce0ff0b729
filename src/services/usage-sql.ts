import type { Period } from '../accounting/budgets/period.ts';
import { DIMENSION_COLUMNS, familyOf, ROLLUP_SUMS } from '../accounting/ledger/rollups.ts';
import { USAGE_DIMENSIONS } from '../entities/usage-dimension.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import { runsOf, spanOf } from './usage-spans.ts';
import type { Stretch } from './usage-spans.ts';

/** What is counted: only what has one of the values, where a dimension has any. Ids, not names. */
export type UsageFilter = {
  readonly [dimension in UsageDimension]?: readonly string[] | undefined;
};

/** A statement and its values. */
export type Query = [sql: string, values: (string | number)[]];

/** SQL, with values of its own, that is put after `where`; columns are those of `l`. */
interface Conditions {
  sql: string;
  values: string[];
}

/** The dimensions that a filter says anything about. */
export const given = (filter: UsageFilter) =>
  (Object.keys(filter) as UsageDimension[]).flatMap((dimension) => {
    const wanted = filter[dimension];
    return wanted === undefined ? [] : [{ dimension, wanted }];
  });

export function conditionsOf(filter: UsageFilter): Conditions {
  const all = given(filter);
  const parts = all.map(
    ({ dimension }) => `and l.${USAGE_DIMENSIONS[dimension]} in (select value from json_each(?))`,
  );
  return { sql: parts.join(' '), values: all.map(({ wanted }) => JSON.stringify(wanted)) };
}

/** The driver's numbers are exact only up to 2^53, which money may pass. */
const MONEY: ReadonlySet<string> = new Set(['cost_nano', 'adjusted_nano']);

const told = (name: string): string =>
  MONEY.has(name)
    ? `cast(coalesce(sum(${name}), 0) as text) as ${name}`
    : `coalesce(sum(${name}), 0) as ${name}`;
const TOLD = ROLLUP_SUMS.map(told).join(', ');
const OPEN = ROLLUP_SUMS.map((name) => `l.${name}`).join(', ');

/** SQL: JSON objects as rows of a table that is read over and over. */
const rowsOf = (table: string, fields: Record<string, string>): string =>
  `with ${table} as materialized (select ${Object.entries(fields)
    .map(([column, field]) => `value ->> '${field}' as ${column}`)
    .join(', ')} from json_each(?))`;

/** Bounds that a store can compare with. */
export const bounded = ({ startMs, endMs }: Period): [number, number] => [
  startMs,
  Math.min(endMs, Number.MAX_SAFE_INTEGER),
];

const STRETCHES = rowsOf('stretches', {
  span_ms: 'spanMs',
  start_ms: 'startMs',
  end_ms: 'endMs',
  sign: 'sign',
});

/** What is asked for: calls of which kind, told apart by what, and the most groups to tell. */
export interface Asked {
  dimensions: readonly UsageDimension[];
  filter: UsageFilter;
  count: number;
}

/**
 * Sums of a period, and of the totals that cover it: a row for each group there is, dearest first; of
 * those that are nothing, as ends that were given back leave them, none.
 */
export function groupsQuery(
  { dimensions, filter, count }: Asked,
  period: Period,
  cover: readonly Stretch[],
): Query {
  const { sql: conditions, values } = conditionsOf(filter);
  const family = familyOf([...dimensions, ...given(filter).map((one) => one.dimension)]);
  const groups = dimensions.map((dimension) => USAGE_DIMENSIONS[dimension]);
  const ofLine = groups.map((name) => `l.${name}`);
  const signed = ROLLUP_SUMS.map((name) => `sum(t.${name} * s.sign) as ${name}`);
  const stretches = cover.map((one) => ({ ...one, endMs: bounded(one)[1] }));
  // Lines come by this index and in its order: they are grouped as they come.
  const line = DIMENSION_COLUMNS.map((name) => `l.${name}`).join(', ');
  return [
    `${STRETCHES}, parts as (
       select ${[...ofLine, ...signed].join(', ')}
       from usage_lines l cross join stretches s cross join usage_totals t
       where l.family = ? and t.span_ms = s.span_ms and t.line_id = l.id
         and t.start_ms >= s.start_ms and t.start_ms < s.end_ms ${conditions}
       group by ${line}
       union all select ${[...ofLine, OPEN].join(', ')} from usage_rollups l
       where l.quarter_ms >= ? and l.quarter_ms < ? ${conditions}
     )
     select ${[...groups, TOLD].join(', ')} from parts
     ${groups.length === 0 ? '' : `group by ${groups.join(', ')}`} having sum(calls) > 0
     order by sum(cost_nano) desc, sum(calls) desc limit ?`,
    [JSON.stringify(stretches), family, ...values, ...bounded(period), ...values, count],
  ];
}

const RUNS = rowsOf('runs', {
  first: 'first',
  start_ms: 'startMs',
  end_ms: 'endMs',
  step_ms: 'stepMs',
});

const numberAt = (at: string): string => `r.first + (${at} - r.start_ms) / r.step_ms as number`;

/** Sums of buckets that follow each other, a row for each that is not empty, told by its number. */
export function bucketsQuery(filter: UsageFilter, buckets: readonly Period[]): Query {
  const { sql: conditions, values } = conditionsOf(filter);
  const family = familyOf(given(filter).map(({ dimension }) => dimension));
  const sums = ROLLUP_SUMS.map((name) => `t.${name}`).join(', ');
  return [
    `${RUNS}, parts as (
       select ${numberAt('t.start_ms')}, ${sums}
       from usage_lines l cross join runs r cross join usage_totals t
       where l.family = ? and t.span_ms = ? and t.line_id = l.id
         and t.start_ms >= r.start_ms and t.start_ms < r.end_ms ${conditions}
       union all select ${numberAt('l.quarter_ms')}, ${OPEN}
       from runs r cross join usage_rollups l
       where l.quarter_ms >= r.start_ms and l.quarter_ms < r.end_ms ${conditions}
     )
     select number, ${TOLD} from parts group by number`,
    [JSON.stringify(runsOf(buckets)), family, spanOf(buckets), ...values, ...values],
  ];
}
