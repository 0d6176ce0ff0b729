import type { Period } from '../accounting/budgets/period.ts';
import { familyOf, QUARTER_MS } from '../accounting/ledger/rollups.ts';
import { bounded, conditionsOf, given } from './usage-sql.ts';
import type { Query, UsageFilter } from './usage-sql.ts';

/** A quarter of an hour, and between which ids its records are. */
export interface Quarter {
  quarterMs: number;
  firstId: string;
  lastId: string;
}

/** The quarters of a period in which anything was used, newest first, and where their records are. */
export function quartersQuery(filter: UsageFilter, period: Period): Query {
  const { sql: conditions, values } = conditionsOf(filter);
  const family = familyOf(given(filter).map(({ dimension }) => dimension));
  return [
    `with quarters as materialized (
       select t.start_ms as at_ms from usage_lines l cross join usage_totals t
       where l.family = ? and t.span_ms = ${QUARTER_MS} and t.line_id = l.id
         and t.start_ms >= ? and t.start_ms < ? ${conditions}
       union select l.quarter_ms from usage_rollups l
       where l.quarter_ms >= ? and l.quarter_ms < ? ${conditions}
     )
     select q.quarter_ms as "quarterMs", q.first_id as "firstId", q.last_id as "lastId"
     from quarters w cross join usage_quarters q
     where q.quarter_ms = w.at_ms order by w.at_ms desc`,
    [family, ...bounded(period), ...values, ...bounded(period), ...values],
  ];
}

/** What is asked of single calls, beyond what roll-ups tell apart. */
export interface CallFacts {
  outcome?: readonly string[] | undefined;
  /** `ok`, or codes of the errors that ended them. */
  reason?: readonly string[] | undefined;
  isStream?: boolean | undefined;
  /** Whether the client saw an error: a status from 400 on. */
  isFailed?: boolean | undefined;
}

const FACTS: Record<keyof CallFacts, { sql: string; value(wanted: unknown): string | number }> = {
  outcome: { sql: 'l.outcome in (select value from json_each(?))', value: JSON.stringify },
  reason: { sql: 'l.reason in (select value from json_each(?))', value: JSON.stringify },
  isStream: { sql: 'l.is_stream = ?', value: Number },
  isFailed: { sql: '(l.status >= 400) = ?', value: Number },
};

/** Which calls: those that began in the period, are of the filter, and became what is asked for. */
export interface CallsAsked {
  filter: UsageFilter;
  facts: CallFacts;
  period: Period;
}

/** A stretch of a quarter's records: so many of them from an id on backwards. */
export interface Stretch {
  /** Null: from the last one on. */
  beforeId: string | null;
  size: number;
}

/**
 * Ids of the calls among the next records of a quarter; then, as `seen`, how many records there were,
 * and the id of the last of them. What is read is bounded by the number of records looked at.
 */
export function callsQuery(
  { filter, facts, period }: CallsAsked,
  { quarterMs, firstId, lastId }: Quarter,
  { beforeId, size }: Stretch,
): Query {
  const { sql: conditions, values } = conditionsOf(filter);
  const wanted = (Object.keys(facts) as (keyof CallFacts)[]).filter(
    (name) => facts[name] !== undefined,
  );
  const [startMs, endMs] = bounded({
    startMs: Math.max(period.startMs, quarterMs),
    endMs: Math.min(period.endMs, quarterMs + QUARTER_MS),
  });
  return [
    `with looked_at as materialized (
       select l.id, l.started_at_ms >= ? and l.started_at_ms < ? ${conditions}
         ${wanted.map((name) => `and ${FACTS[name].sql}`).join(' ')} as is_meant
       from usage_records l where l.id >= ? and l.id <= ? and l.id <> ? order by l.id desc limit ?
     )
     select id, null as seen from looked_at where is_meant
     union all select min(id), count(*) from looked_at`,
    [
      startMs,
      endMs,
      ...values,
      ...wanted.map((name) => FACTS[name].value(facts[name])),
      firstId,
      beforeId ?? lastId,
      beforeId ?? '',
      size,
    ],
  ];
}
