import type { Database } from 'better-sqlite3';
import {
  columnsOf,
  DIMENSION_COLUMNS,
  FAMILIES,
  QUARTER_MS,
  ROLLUP_KEYS,
  ROLLUP_SUMS,
  SPANS_MS,
} from './rollups.ts';
import type { Family } from './rollups.ts';

const summed = ROLLUP_SUMS.map((name) => `sum(${name}) as ${name}`);

/** SQL: totals of a family and a span, each under some columns of its line and a start of its own. */
function totals(family: Family, spanMs: number, columns: readonly string[], start: string): string {
  const lines = columns.map((name) => `l.${name}`);
  const sums = ROLLUP_SUMS.map((name) => `t.${name}`);
  return `select ${[start, ...lines, ...sums].join(', ')} from usage_totals t
    join usage_lines l on l.id = t.line_id where t.span_ms = ${spanMs} and l.family = '${family}'`;
}

const keys = ROLLUP_KEYS.join(', ');

/** SQL: the sums of calls that are alike by quarters, whether they were carried over yet or not. */
export const ROLLED_UP = `select ${[keys, ...summed].join(', ')} from (
    select ${[keys, ...ROLLUP_SUMS].join(', ')} from usage_rollups
    union all ${totals('call', QUARTER_MS, DIMENSION_COLUMNS, 't.start_ms as quarter_ms')}
  ) group by ${keys}`;

/** A total that is not the sum of what it is made of. */
export interface WrongTotal {
  family: Family;
  spanMs: number;
  startMs: unknown;
  /** What its line is of. */
  line: string[];
}

/**
 * Sets the totals of quarters against those of calls, and those of longer spans against the next
 * shorter ones, both ways round.
 */
export function wrongTotals(database: Database, max: number): WrongTotal[] {
  const wrong: WrongTotal[] = [];
  for (const family of FAMILIES) {
    const columns = columnsOf(family);
    for (const [index, spanMs] of SPANS_MS.entries()) {
      const shorterMs = SPANS_MS[index - 1];
      if (shorterMs === undefined && family === 'call') continue;
      const start = `t.start_ms - t.start_ms % ${spanMs} as start_ms`;
      const parts =
        shorterMs === undefined
          ? totals('call', spanMs, columns, start)
          : totals(family, shorterMs, columns, start);
      const whole = totals(family, spanMs, columns, 't.start_ms');
      const rows = database
        .prepare<[], Record<string, unknown>>(differing(whole, parts, columns, max))
        .all();
      for (const row of rows) {
        const line = columns.map((name) => String(row[name]));
        wrong.push({ family, spanMs, startMs: row['start_ms'], line });
      }
    }
  }
  return wrong.slice(0, max);
}

/** SQL: groups that two sets of rows do not sum to alike. */
function differing(left: string, right: string, columns: readonly string[], max: number): string {
  const groups = ['start_ms', ...columns].join(', ');
  const negated = ROLLUP_SUMS.map((name) => `-${name}`).join(', ');
  const isWrong = ROLLUP_SUMS.map((name) => `sum(${name}) <> 0`).join(' or ');
  return `select ${groups} from (${left} union all select ${groups}, ${negated} from (${right}))
    group by ${groups} having ${isWrong} limit ${max}`;
}
