import type { Database, Statement } from 'better-sqlite3';
import { HOLD_COLUMNS, RECORD_COLUMNS, USAGE_COLUMNS, recordColumn } from './rows.ts';
import type { Batch, Cell } from './rows.ts';

const HOUR_MS = 3_600_000;
const ROLLUP_KEYS = ['hour_ms', 'key_id', 'model', 'credential_id'];
const ROLLUP_SUMS = ['calls', 'cost_nano', ...USAGE_COLUMNS];

const at = {
  id: recordColumn('id'),
  keyId: recordColumn('key_id'),
  model: recordColumn('model'),
  credentialId: recordColumn('credential_id'),
  startedAtMs: recordColumn('started_at_ms'),
  costNano: recordColumn('cost_nano'),
  usage: recordColumn(USAGE_COLUMNS[0] ?? ''),
};

const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ');

/** The statements that move money, prepared once for each connection. */
export interface Statements {
  hold: Statement<Cell[]>;
  release: Statement<[string]>;
  record: Statement<Cell[]>;
  rollup: Statement<(string | bigint)[]>;
}

export function prepare(database: Database): Statements {
  const rollupColumns = [...ROLLUP_KEYS, ...ROLLUP_SUMS];
  const sums = ROLLUP_SUMS.map((name) => `${name} = ${name} + excluded.${name}`);
  return {
    hold: database.prepare(
      `insert into holds (${HOLD_COLUMNS.join(', ')}) values (${marks(HOLD_COLUMNS.length)})`,
    ),
    release: database.prepare('delete from holds where id = ?'),
    record: database.prepare(
      `insert into usage_records (${RECORD_COLUMNS.join(', ')}) values (${marks(RECORD_COLUMNS.length)})`,
    ),
    rollup: database.prepare(
      `insert into usage_rollups (${rollupColumns.join(', ')}) values (${marks(rollupColumns.length)})
       on conflict (${ROLLUP_KEYS.join(', ')}) do update set ${sums.join(', ')}`,
    ),
  };
}

/**
 * Applies one batch; the caller wraps it in a transaction. A settlement whose hold is gone was
 * applied before and changes nothing, so a batch may safely be sent twice. Returns how many
 * settlements were such repeats.
 */
export function apply(statements: Statements, batch: Batch): number {
  for (const hold of batch.holds) statements.hold.run(...hold);
  const totals = new Map<string, (string | bigint)[]>();
  let repeats = 0;
  for (const row of batch.settlements) {
    if (statements.release.run(String(row[at.id])).changes === 0) {
      repeats += 1;
      continue;
    }
    statements.record.run(...row);
    addTo(totals, row);
  }
  for (const total of totals.values()) statements.rollup.run(...total);
  return repeats;
}

function addTo(totals: Map<string, (string | bigint)[]>, row: Cell[]): void {
  const startedAtMs = Number(row[at.startedAtMs]);
  const hourMs = startedAtMs - (startedAtMs % HOUR_MS);
  const key = [
    BigInt(hourMs),
    String(row[at.keyId]),
    String(row[at.model]),
    String(row[at.credentialId]),
  ];
  const sums = [1n, BigInt(row[at.costNano] ?? 0)];
  for (let index = at.usage; index < row.length; index += 1) sums.push(BigInt(row[index] ?? 0));
  const name = key.join('|');
  const total = totals.get(name);
  if (total === undefined) {
    totals.set(name, [...key, ...sums]);
    return;
  }
  for (const [index, sum] of sums.entries()) {
    const position = key.length + index;
    total[position] = BigInt(total[position] ?? 0) + sum;
  }
}
