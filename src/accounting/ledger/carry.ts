import type { EntityManager } from '@mikro-orm/sqlite';
import type { Database, Statement } from 'better-sqlite3';
import {
  columnsOf,
  DIMENSION_COLUMNS,
  FAMILIES,
  grown,
  QUARTER_MS,
  ROLLUP_KEYS,
  ROLLUP_SUMS,
  SPANS_MS,
} from './rollups.ts';
import type { Family } from './rollups.ts';
import { isOverflow } from './store-fault.ts';

/** Calls that take longer than this are added to their quarter later, which is more work. */
export const CARRY_AFTER_MS = 2 * QUARTER_MS;

/** The oldest roll-ups: those before a quarter, and at most so many. */
export interface Slice {
  beforeMs: number;
  rowsMax: number;
}

export interface Carrier {
  isDue: Statement<[Slice], 1>;
  /** All of it or nothing, within whatever transaction. */
  move(slice: Slice): void;
}

const keys = ROLLUP_KEYS.join(', ');

/** The statements that move roll-ups into totals, prepared once for each connection. */
export function prepareCarrier(database: Database): Carrier {
  const steps = stepsFor(`where quarter_ms < :beforeMs order by ${keys} limit :rowsMax`).map(
    (sql) => database.prepare<[Slice]>(sql),
  );
  return {
    isDue: database
      .prepare<[Slice], 1>('select 1 from usage_rollups where quarter_ms < :beforeMs limit 1')
      .pluck(),
    move: database.transaction((slice: Slice) => {
      for (const step of steps) step.run(slice);
    }),
  };
}

/**
 * Moves a slice of the roll-ups into the totals of every family and span. A call that is settled late
 * makes a new roll-up of its old quarter, and is added in its turn. The caller wraps it in a
 * transaction, which is about other calls: where what is carried leaves 64 bits, it stays where it is.
 */
export function carry({ isDue, move }: Carrier, slice: Slice): void {
  if (isDue.get(slice) === undefined) return;
  try {
    move(slice);
  } catch (error) {
    if (!isOverflow(error)) throw error;
  }
}

/** The same for a transaction of services, whose statements are not kept. */
export async function carryOver(tx: EntityManager, { beforeMs, rowsMax }: Slice): Promise<void> {
  const slice = `where quarter_ms < ${beforeMs} order by ${keys} limit ${rowsMax}`;
  for (const step of stepsFor(slice)) await tx.execute(step, [], 'run');
}

const RECARRIED_MS = 96 * QUARTER_MS;

/** Makes all totals anew, from roll-ups that are of everything there is, a day at a time. */
export async function recarry(tx: EntityManager): Promise<void> {
  for (const table of ['usage_totals', 'usage_lines', 'usage_quarters']) {
    await tx.execute(`delete from ${table}`, [], 'run');
  }
  await tx.execute(
    `insert into usage_quarters (quarter_ms, first_id, last_id)
     select started_at_ms - started_at_ms % ${QUARTER_MS}, min(id), max(id) from usage_records
     group by 1`,
    [],
    'run',
  );
  for (;;) {
    const [oldest] = await tx.execute<{ ms: number | null }[]>(
      'select min(quarter_ms) as ms from usage_rollups',
    );
    if (typeof oldest?.ms !== 'number') return;
    const slice = `where quarter_ms < ${oldest.ms + RECARRIED_MS}`;
    for (const step of stepsFor(slice)) await tx.execute(step, [], 'run');
  }
}

/** SQL that moves some roll-ups. Each step meets the same ones, until the last deletes them. */
function stepsFor(slice: string): string[] {
  const rows = `select * from usage_rollups ${slice}`;
  return [
    ...FAMILIES.flatMap((family) => [newLines(family, rows), addition(family, rows)]),
    `delete from usage_rollups where (${keys}) in (select ${keys} from (${rows}))`,
  ];
}

function newLines(family: Family, rows: string): string {
  const filled = columnsOf(family).join(', ');
  return `insert into usage_lines (family, ${filled})
    select distinct '${family}', ${filled} from (${rows}) where true on conflict do nothing`;
}

/** The roll-ups are summed by line first, so that little is left to be put under every span. */
function addition(family: Family, rows: string): string {
  const filled = columnsOf(family);
  const groups = ['quarter_ms', ...filled].join(', ');
  const isLine = DIMENSION_COLUMNS.map((name) =>
    filled.includes(name) ? `l.${name} = r.${name}` : `l.${name} = ''`,
  );
  const named = ROLLUP_SUMS.map((name) => `sum(${name}) as ${name}`);
  const summed = ROLLUP_SUMS.map((name) => `sum(r.${name})`);
  const more = ROLLUP_SUMS.map(grown);
  return `insert into usage_totals (span_ms, line_id, start_ms, ${ROLLUP_SUMS.join(', ')})
    select s.value, l.id, r.quarter_ms - r.quarter_ms % s.value, ${summed.join(', ')}
    from (select ${groups}, ${named.join(', ')} from (${rows}) group by ${groups}) r
    cross join usage_lines l cross join json_each('${JSON.stringify(SPANS_MS)}') s
    where l.family = '${family}' and ${isLine.join(' and ')} group by 1, 2, 3
    on conflict (span_ms, line_id, start_ms) do update set ${more.join(', ')}`;
}
