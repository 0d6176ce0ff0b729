import Database from 'better-sqlite3';
import { CompiledQuery, SqliteDialect, SqliteDriver } from 'kysely';
import type { DatabaseConnection, Driver } from 'kysely';

/** How long one writer waits for another on the same file before giving up. */
const BUSY_TIMEOUT_MS = 10_000;

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
  return database;
}

/**
 * Takes the write lock when a transaction begins. SQLite's deferred default fails read-then-write
 * transactions with "database is locked" as soon as two processes meet.
 */
class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

/** The dialect MikroORM is given: one connection, WAL, immediate transactions. */
export class WalSqliteDialect extends SqliteDialect {
  readonly #database: () => Promise<Database.Database>;

  constructor(file: string) {
    const database = () => Promise.resolve(openSqlite(file));
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
    if (error instanceof Database.SqliteError && error.code === 'SQLITE_BUSY') return null;
    throw error;
  }
  return { release: () => database.close() };
}
