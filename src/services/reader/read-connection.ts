import Database from 'better-sqlite3';
import type { Value } from './reader.ts';

/** Readers wait for no writer, only while somebody puts a log in order again. */
const BUSY_TIMEOUT_MS = 2000;
/** Texts of statements differ little: values are not part of them. */
const PREPARED_MAX = 200;
/** More than anything asks for: what passes it would be a mistake, and must not fill the memory. */
const ROWS_MAX = 200_000;

/**
 * A connection that can only read. It has no transaction open between statements, which would keep
 * the write-ahead log from being cut short.
 */
export class ReadConnection {
  readonly #database: Database.Database;
  readonly #isStopped: () => boolean;
  readonly #prepared = new Map<string, Database.Statement<Value[]>>();

  /** @param isStopped asked all the time: whether what is under way is to be broken off */
  constructor(file: string, isStopped: () => boolean = () => false) {
    this.#database = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
    this.#isStopped = isStopped;
    // SQLite goes through with a statement whatever becomes of its thread. One that reads much without
    // giving rows asks this again and again.
    this.#database.function('unless_stopped', { deterministic: false }, (_again: unknown) =>
      this.#goesOn(),
    );
  }

  read(sql: string, values: readonly Value[]): unknown[] {
    const rows: unknown[] = [];
    for (const row of this.#statement(sql).iterate(...values)) {
      this.#goesOn();
      if (rows.length === ROWS_MAX) throw new RangeError(`a read of more than ${ROWS_MAX} rows`);
      rows.push(row);
    }
    return rows;
  }

  close(): void {
    this.#database.close();
  }

  #goesOn(): 1 {
    if (this.#isStopped()) throw new Error('the read was stopped');
    return 1;
  }

  #statement(sql: string): Database.Statement<Value[]> {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    if (this.#prepared.size === PREPARED_MAX) this.#prepared.clear();
    const statement = this.#database.prepare<Value[]>(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }
}
