import type { Database, Statement } from 'better-sqlite3';
import { BUDGET_SCOPES } from '../../entities/budget-scope.ts';
import { USAGE_DIMENSIONS } from '../../entities/usage-dimension.ts';
import { carry, CARRY_AFTER_MS, prepareCarrier } from './carry.ts';
import type { Carrier } from './carry.ts';
import { DIMENSION_COLUMNS, grown, QUARTER_MS, ROLLUP_KEYS, ROLLUP_SUMS } from './rollups.ts';
import { USAGE_COLUMNS, recordColumn } from './rows.ts';
import type { Cell } from './rows.ts';

/**
 * What one commit carries over takes a few milliseconds at most. It is more than the commit adds, so
 * that nothing piles up.
 */
const CARRIED_ROWS_MIN = 64;

const at = {
  id: recordColumn('id'),
  startedAtMs: recordColumn('started_at_ms'),
  costNano: recordColumn('cost_nano'),
  usage: recordColumn(USAGE_COLUMNS[0] ?? ''),
  dimensions: DIMENSION_COLUMNS.map(recordColumn),
};
const subjects = BUDGET_SCOPES.map(
  (scope) => [scope, recordColumn(USAGE_DIMENSIONS[scope])] as const,
);

type Values = (string | bigint)[];

/** The statements that keep roll-ups, prepared once for each connection. */
export interface Poster {
  rollup: Statement<Values>;
  spend: Statement<Values>;
  quarter: Statement<[number, string, string]>;
  carrier: Carrier;
}

export function preparePoster(database: Database): Poster {
  const columns = [...ROLLUP_KEYS, ...ROLLUP_SUMS];
  const sums = ROLLUP_SUMS.map(grown);
  return {
    rollup: database.prepare(
      `insert into usage_rollups (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})
       on conflict (${ROLLUP_KEYS.join(', ')}) do update set ${sums.join(', ')}`,
    ),
    spend: database.prepare(
      `insert into spend_rollups (scope, subject_id, quarter_ms, calls, cost_nano)
       values (?, ?, ?, ?, ?) on conflict (scope, subject_id, quarter_ms)
       do update set ${grown('calls')}, ${grown('cost_nano')}`,
    ),
    quarter: database.prepare(
      `insert into usage_quarters (quarter_ms, first_id, last_id) values (?, ?, ?)
       on conflict (quarter_ms) do update set first_id = min(first_id, excluded.first_id),
         last_id = max(last_id, excluded.last_id)`,
    ),
    carrier: prepareCarrier(database),
  };
}

/** Adds records to all roll-ups, in the transaction that writes them. */
export function post(poster: Poster, rows: readonly Cell[][]): void {
  if (rows.length === 0) return;
  const usage = new Map<string, Values>();
  const spend = new Map<string, Values>();
  const quarters = new Map<number, { firstId: string; lastId: string }>();
  let newestMs = 0;
  for (const row of rows) {
    const startedAtMs = Number(row[at.startedAtMs]);
    const quarterMs = startedAtMs - (startedAtMs % QUARTER_MS);
    newestMs = Math.max(newestMs, quarterMs);
    addUsage(usage, row, quarterMs);
    addSpend(spend, row, quarterMs);
    addId(quarters, String(row[at.id]), quarterMs);
  }
  for (const values of usage.values()) poster.rollup.run(...values);
  for (const values of spend.values()) poster.spend.run(...values);
  for (const [quarterMs, { firstId, lastId }] of quarters)
    poster.quarter.run(quarterMs, firstId, lastId);
  const rowsMax = CARRIED_ROWS_MIN + 2 * usage.size;
  carry(poster.carrier, { beforeMs: newestMs - CARRY_AFTER_MS, rowsMax });
}

function addUsage(totals: Map<string, Values>, row: Cell[], quarterMs: number): void {
  const dimensions = at.dimensions.map((index) => String(row[index]));
  const sums = [1n, BigInt(row[at.costNano] ?? 0), 0n];
  for (let index = at.usage; index < row.length; index += 1) sums.push(BigInt(row[index] ?? 0));
  // Model names are the client's: no separator is safe from them.
  add(totals, JSON.stringify([quarterMs, ...dimensions]), [BigInt(quarterMs), ...dimensions], sums);
}

function addSpend(totals: Map<string, Values>, row: Cell[], quarterMs: number): void {
  const sums = [1n, BigInt(row[at.costNano] ?? 0)];
  for (const [scope, index] of subjects) {
    const subjectId = String(row[index]);
    if (subjectId === '') continue;
    add(totals, `${scope} ${subjectId} ${quarterMs}`, [scope, subjectId, BigInt(quarterMs)], sums);
  }
}

/** Adds to the sums that follow a group's keys. */
function add(totals: Map<string, Values>, name: string, keys: Values, sums: bigint[]): void {
  const total = totals.get(name);
  if (total === undefined) {
    totals.set(name, [...keys, ...sums]);
    return;
  }
  for (const [index, sum] of sums.entries()) {
    const position = keys.length + index;
    total[position] = BigInt(total[position] ?? 0) + sum;
  }
}

function addId(
  quarters: Map<number, { firstId: string; lastId: string }>,
  id: string,
  quarterMs: number,
): void {
  const known = quarters.get(quarterMs);
  if (known === undefined) quarters.set(quarterMs, { firstId: id, lastId: id });
  else if (id < known.firstId) known.firstId = id;
  else if (id > known.lastId) known.lastId = id;
}
