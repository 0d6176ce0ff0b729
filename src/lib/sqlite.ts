import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { CompiledQuery, SqliteDialect, SqliteDriver } from 'kysely';
import type { DatabaseConnection, Driver, QueryResult } from 'kysely';

/** How long one writer waits for another on the same file before giving up. */
const BUSY_TIMEOUT_MS = 10_000;
/** Between two tries for a lock; the last one again and again. */
const BUSY_PAUSES_MS = [1, 2, 5, 10, 20];
/** So long a log is copied to the main file by who commits, unless the ledger's writer did before. */
const CHECKPOINT_FRAMES = 8000;

/**
 * Opens a database file with the one set of pragmas every connection uses. WAL lets readers and
 * the writer work side by side; `synchronous=FULL` makes a commit survive power loss, which the
 * ledger promises (DESIGN §5).
 */
export function openSqlite(file: string): Database.Database {
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_FRAMES}`);
  return database;
}

/** A connection that changes nothing: even closing it leaves the write-ahead log as it is. */
export const openToLook = (file: string): Database.Database =>
  new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });

/**
 * Waits for another's lock between tries, not within them as SQLite does: the ORM works on the main
 * thread, which carries every call meanwhile. A statement that met a lock has changed nothing.
 */
class PatientConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    this.#connection = connection;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const startedMs = performance.now();
    for (let nth = 0; ; nth += 1) {
      try {
        return await this.#connection.executeQuery<R>(query);
      } catch (error) {
        if (!isLocked(error) || performance.now() - startedMs > BUSY_TIMEOUT_MS) throw error;
      }
      await pause(BUSY_PAUSES_MS[nth] ?? BUSY_PAUSES_MS.at(-1));
    }
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize);
  }
}

/** By its code: the driver may be loaded more than once in a process, each with a class of its own. */
const isLocked = (error: unknown): boolean =>
  /^SQLITE_BUSY(?:_RECOVERY)?$/.test(String((error as { code?: unknown }).code));

/**
 * Takes the write lock when a transaction begins. SQLite's deferred default fails read-then-write
 * transactions with "database is locked" as soon as two processes meet.
 */
class ImmediateSqliteDriver extends SqliteDriver {
  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection());
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /**
   * What found no room on the disk, SQLite has rolled back by itself. An error of that would keep the
   * connection, the only one, from being given back: everything after would wait for ever.
   */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw('rollback'));
    } catch (error) {
      if (!isOver(error)) throw error;
    }
  }
}

/** Whether SQLite says that there is no transaction to roll back. */
const isOver = (error: unknown): boolean =>
  String((error as { message?: unknown }).message).endsWith('no transaction is active');

/** The dialect MikroORM is given: one connection, WAL, immediate transactions. */
export class WalSqliteDialect extends SqliteDialect {
  readonly #database: () => Promise<Database.Database>;

  constructor(file: string) {
    const database = async () => {
      const opened = openSqlite(file);
      opened.pragma('busy_timeout = 0');
      return opened;
    };
    super({ database });
    this.#database = database;
  }

  override createDriver(): Driver {
    return new ImmediateSqliteDriver({ database: this.#database });
  }
}

/**
 * An exclusive lock between processes on this machine, freed by the operating system when its
 * holder dies. Null when another process has it after `waitMs`.
 */
export function lockFile(file: string, waitMs: number): { release(): void } | null {
  const database = new Database(file, { timeout: waitMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (isLocked(error)) return null;
    throw error;
  }
  return { release: () => database.close() };
}
