import type { Database, Statement } from 'better-sqlite3';
import { post, preparePoster } from './post.ts';
import type { Poster } from './post.ts';
import { claim, end, prepareRemote, prolong } from './remote-write.ts';
import type { RemoteStatements, Taken } from './remote-write.ts';
import { HOLD_COLUMNS, RECORD_COLUMNS, recordColumn } from './rows.ts';
import type { Batch, Cell, RemoteWrite } from './rows.ts';
import { isOverflow } from './store-fault.ts';

const at = { id: recordColumn('id'), costNano: recordColumn('cost_nano') };

const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ');

/**
 * Ten million dollars for one call is a fault, not a price; and sums of such amounts would leave
 * the 64-bit integers that SQLite counts in.
 */
export const AMOUNT_NANO_MAX = 10n ** 16n;

/** What became of a batch that was committed. */
export interface Applied {
  /** Settlements that were applied before. */
  repeats: number;
  /** Ids of settlements that have neither a hold nor a record. */
  strays: string[];
  /** Rows that no store would take; only where they were applied one by one. */
  refusedHolds: Refused[];
  refusedSettlements: Refused[];
  refusedRemote: Refused[];
  /** Calls of other services that were on record by their name: nothing was written for them. */
  taken: Taken[];
}

const nothing = (): Applied => ({
  repeats: 0,
  strays: [],
  refusedHolds: [],
  refusedSettlements: [],
  refusedRemote: [],
  taken: [],
});

export interface Refused {
  id: string;
  reason: string;
}

/** The statements that move money, prepared once for each connection. */
export interface Statements {
  hold: Statement<Cell[]>;
  release: Statement<[string]>;
  record: Statement<Cell[]>;
  isRecorded: Statement<[string]>;
  remote: RemoteStatements;
  poster: Poster;
}

export function prepare(database: Database): Statements {
  return {
    hold: database.prepare(
      // The same hold once more is one that has grown, or that lasts longer.
      `insert into holds (${HOLD_COLUMNS.join(', ')}) values (${marks(HOLD_COLUMNS.length)})
       on conflict (id) do update set amount_nano = excluded.amount_nano,
         expires_at_ms = excluded.expires_at_ms`,
    ),
    release: database.prepare('delete from holds where id = ?'),
    record: database.prepare(
      `insert into usage_records (${RECORD_COLUMNS.join(', ')}) values (${marks(RECORD_COLUMNS.length)})`,
    ),
    isRecorded: database.prepare('select 1 from usage_records where id = ?'),
    remote: prepareRemote(database),
    poster: preparePoster(database),
  };
}

/**
 * Applies one batch; the caller wraps it in a transaction. A settlement whose hold is gone was
 * applied before and changes nothing, so a batch may safely be sent twice.
 * @throws SqliteError or RangeError, when nothing may be committed
 */
export function apply(statements: Statements, batch: Batch): Applied {
  const applied = nothing();
  for (const hold of batch.holds) insertHold(statements, hold);
  const records = batch.settlements.filter((row) => settle(statements, row, applied));
  for (const write of batch.remote ?? []) {
    const record = applyRemote(statements, write, applied);
    if (record !== null) records.push(record);
  }
  post(statements.poster, records);
  return applied;
}

/**
 * Applies a batch row by row, each in a savepoint, so that one row that no store would take harms
 * no other. The caller wraps it in a transaction.
 * @throws SqliteError when the fault is the store's
 */
export function applyEach(database: Database, statements: Statements, batch: Batch): Applied {
  const applied = nothing();
  const one = database.transaction((part: Batch) => apply(statements, part));
  const refusal = (part: Batch): string | null => {
    try {
      const { repeats, strays, taken } = one(part);
      applied.repeats += repeats;
      applied.strays.push(...strays);
      applied.taken.push(...taken);
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
  for (const write of batch.remote ?? []) {
    const reason = refusal({ holds: [], settlements: [], remote: [write] });
    if (reason !== null) applied.refusedRemote.push({ id: write.id, reason });
  }
  return applied;
}

/** Whether a row is to blame rather than the store: sent again it would fail again. */
export function isFaultOfRow(error: unknown): boolean {
  if (error instanceof RangeError || error instanceof TypeError) return true;
  // Of its own roll-ups: what is carried over beside it never fails like that.
  if (isOverflow(error)) return true;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code);
}

function insertHold(statements: Statements, row: Cell[]): void {
  assertAmount(row[HOLD_COLUMNS.indexOf('amount_nano')]);
  statements.hold.run(...row);
}

/** False when the settlement changes nothing. */
function settle(statements: Statements, row: Cell[], applied: Applied): boolean {
  const id = String(row[at.id]);
  if (statements.release.run(id).changes === 0) {
    if (statements.isRecorded.get(id) === undefined) applied.strays.push(id);
    else applied.repeats += 1;
    return false;
  }
  insertRecord(statements, row);
  return true;
}

/**
 * The record that it adds, if any.
 * @throws RangeError where anything of it does not fit what is on disk
 */
function applyRemote(
  statements: Statements,
  { id, claim: row, hold, settlement, end: how, event }: RemoteWrite,
  applied: Applied,
): Cell[] | null {
  const by = row === undefined ? null : claim(statements.remote, row);
  if (by !== null) {
    applied.taken.push({ id, by });
    return null;
  }
  if (hold !== undefined) {
    insertHold(statements, hold);
    if (row === undefined) prolong(statements.remote, id, hold);
  }
  if (how !== undefined) end(statements.remote, id, how);
  if (event !== undefined) statements.remote.event.run(...event);
  if (settlement === undefined) return null;
  const isHeld = statements.release.run(id).changes > 0;
  if (!isHeld && row === undefined) throw new RangeError('nothing is held for it');
  insertRecord(statements, settlement);
  return settlement;
}

function insertRecord(statements: Statements, row: Cell[]): void {
  assertAmount(row[at.costNano]);
  statements.record.run(...row);
}

function assertAmount(amount: Cell | undefined): void {
  const nano = BigInt(amount ?? -1);
  if (nano < 0n || nano > AMOUNT_NANO_MAX)
    throw new RangeError(`not an amount of a call: ${amount}`);
}
