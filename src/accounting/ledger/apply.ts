import type { Database, Statement } from 'better-sqlite3';
import { BUDGET_SCOPES } from '../../entities/budget-scope.ts';
import type { BudgetScope } from '../../entities/budget-scope.ts';
import { HOLD_COLUMNS, RECORD_COLUMNS, USAGE_COLUMNS, recordColumn } from './rows.ts';
import type { Batch, Cell } from './rows.ts';

const HOUR_MS = 3_600_000;
/** Quarters of an hour begin every zone's hours, days and months. */
const QUARTER_MS = 900_000;
const ROLLUP_KEYS = ['hour_ms', 'key_id', 'model', 'credential_id'];
const ROLLUP_SUMS = ['calls', 'cost_nano', ...USAGE_COLUMNS];

const at = {
  id: recordColumn('id'),
  keyId: recordColumn('key_id'),
  model: recordColumn('model'),
  credentialId: recordColumn('credential_id'),
  poolId: recordColumn('pool_id'),
  userId: recordColumn('user_id'),
  teamId: recordColumn('team_id'),
  startedAtMs: recordColumn('started_at_ms'),
  costNano: recordColumn('cost_nano'),
  usage: recordColumn(USAGE_COLUMNS[0] ?? ''),
};

const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ');

/**
 * Ten million dollars for one call is a fault, not a price; and sums of such amounts would leave
 * the 64-bit integers that SQLite counts in.
 */
const AMOUNT_NANO_MAX = 10n ** 16n;

/** What became of a batch that was committed. */
export interface Applied {
  /** Settlements that were applied before. */
  repeats: number;
  /** Ids of settlements that have neither a hold nor a record. */
  strays: string[];
  /** Rows that no store would take; only where they were applied one by one. */
  refusedHolds: Refused[];
  refusedSettlements: Refused[];
}

export interface Refused {
  id: string;
  reason: string;
}

/** The statements that move money, prepared once for each connection. */
export interface Statements {
  hold: Statement<Cell[]>;
  release: Statement<[string]>;
  record: Statement<Cell[]>;
  rollup: Statement<(string | bigint)[]>;
  spend: Statement<(string | bigint)[]>;
  isRecorded: Statement<[string]>;
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
    spend: database.prepare(
      `insert into spend_rollups (scope, subject_id, quarter_ms, calls, cost_nano)
       values (?, ?, ?, ?, ?) on conflict (scope, subject_id, quarter_ms)
       do update set calls = calls + excluded.calls, cost_nano = cost_nano + excluded.cost_nano`,
    ),
    isRecorded: database.prepare('select 1 from usage_records where id = ?'),
  };
}

/**
 * Applies one batch; the caller wraps it in a transaction. A settlement whose hold is gone was
 * applied before and changes nothing, so a batch may safely be sent twice.
 * @throws SqliteError or RangeError, when nothing may be committed
 */
export function apply(statements: Statements, batch: Batch): Applied {
  const applied: Applied = { repeats: 0, strays: [], refusedHolds: [], refusedSettlements: [] };
  for (const hold of batch.holds) insertHold(statements, hold);
  const totals = new Map<string, (string | bigint)[]>();
  const spend = new Map<string, SpendTotal>();
  for (const row of batch.settlements) {
    if (!insertRecord(statements, row, applied)) continue;
    addTo(totals, row);
    addSpend(spend, row);
  }
  for (const total of totals.values()) statements.rollup.run(...total);
  for (const { scope, subjectId, quarterMs, calls, costNano } of spend.values()) {
    statements.spend.run(scope, subjectId, quarterMs, calls, costNano);
  }
  return applied;
}

/**
 * Applies a batch row by row, each in a savepoint, so that one row that no store would take harms
 * no other. The caller wraps it in a transaction.
 * @throws SqliteError when the fault is the store's
 */
export function applyEach(database: Database, statements: Statements, batch: Batch): Applied {
  const applied: Applied = { repeats: 0, strays: [], refusedHolds: [], refusedSettlements: [] };
  const one = database.transaction((part: Batch) => apply(statements, part));
  const refusal = (part: Batch): string | null => {
    try {
      const { repeats, strays } = one(part);
      applied.repeats += repeats;
      applied.strays.push(...strays);
      return null;
    } catch (error) {
      if (!isFaultOfRow(error)) throw error;
      return error instanceof Error ? error.message : 'refused';
    }
  };
  for (const hold of batch.holds) {
    const reason = refusal({ holds: [hold], settlements: [] });
    if (reason !== null) applied.refusedHolds.push({ id: String(hold[0]), reason });
  }
  for (const row of batch.settlements) {
    const reason = refusal({ holds: [], settlements: [row] });
    if (reason !== null) applied.refusedSettlements.push({ id: String(row[at.id]), reason });
  }
  return applied;
}

/** Whether a row is to blame rather than the store: sent again it would fail again. */
export function isFaultOfRow(error: unknown): boolean {
  if (error instanceof RangeError || error instanceof TypeError) return true;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code);
}

function insertHold(statements: Statements, row: Cell[]): void {
  assertAmount(row[HOLD_COLUMNS.indexOf('amount_nano')]);
  statements.hold.run(...row);
}

/** False when the settlement changes nothing. */
function insertRecord(statements: Statements, row: Cell[], applied: Applied): boolean {
  const id = String(row[at.id]);
  if (statements.release.run(id).changes === 0) {
    if (statements.isRecorded.get(id) === undefined) applied.strays.push(id);
    else applied.repeats += 1;
    return false;
  }
  assertAmount(row[at.costNano]);
  statements.record.run(...row);
  return true;
}

function assertAmount(amount: Cell | undefined): void {
  const nano = BigInt(amount ?? -1);
  if (nano < 0n || nano > AMOUNT_NANO_MAX)
    throw new RangeError(`not an amount of a call: ${amount}`);
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
  // Model names are the client's: no separator is safe from them.
  const name = JSON.stringify([hourMs, ...key.slice(1)]);
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

interface SpendTotal {
  scope: BudgetScope;
  subjectId: string;
  quarterMs: bigint;
  calls: bigint;
  costNano: bigint;
}

function addSpend(totals: Map<string, SpendTotal>, row: Cell[]): void {
  const startedAtMs = Number(row[at.startedAtMs]);
  const quarterMs = BigInt(startedAtMs - (startedAtMs % QUARTER_MS));
  const costNano = BigInt(row[at.costNano] ?? 0);
  const subjects: Record<BudgetScope, Cell | undefined> = {
    key: row[at.keyId],
    team: row[at.teamId],
    user: row[at.userId],
    pool: row[at.poolId],
  };
  for (const scope of BUDGET_SCOPES) {
    const subjectId = String(subjects[scope]);
    if (subjectId === '') continue;
    const name = `${scope} ${subjectId} ${quarterMs}`;
    const total = totals.get(name);
    if (total === undefined) {
      totals.set(name, { scope, subjectId, quarterMs, calls: 1n, costNano });
    } else {
      total.calls += 1n;
      total.costNano += costNano;
    }
  }
}
