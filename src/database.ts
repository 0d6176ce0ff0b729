import 'reflect-metadata';
import { existsSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/sqlite';
import { migrations } from '../migrations/sqlite/index.ts';
import { ormConfig } from '../mikro-orm.config.ts';
import { damageIn, damageOf, damaged, missing } from './damage.ts';
import { lockFile, openSqlite } from './lib/sqlite.ts';

const MIGRATION_WAIT_MS = 30_000;

export interface OpenDatabase {
  orm: MikroORM;
  file: string;
}

const databaseFile = (dataDir: string) => join(dataDir, 'tollgate.db');
const serveLockFile = (dataDir: string) => join(dataDir, 'serve.lock');

/**
 * Refuses a database that is not what was left here. For a server, before anything is opened for
 * writing: what can still be saved must not be touched.
 * @throws Error that says what to do
 */
export function assertSound(dataDir: string): void {
  assertThere(dataDir);
  const file = databaseFile(dataDir);
  if (sizeOf(file) === 0) return;
  const damage = damageOf(file);
  if (damage !== null) throw damaged(file, damage);
}

/** Where a server was, there was a database before it. SQLite would make an empty one in its place. */
function assertThere(dataDir: string): void {
  const file = databaseFile(dataDir);
  if (sizeOf(file) > 0 || !existsSync(serveLockFile(dataDir))) return;
  throw missing(file, existsSync(file));
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** Bytes of a database on disk, what is not yet in its main file included. */
export async function bytesOf(file: string): Promise<number> {
  const sizes = [file, `${file}-wal`].map((path) =>
    stat(path).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/**
 * Opens the database of a data directory and brings its schema up to date. Migrations of several
 * processes wait for each other; each is one transaction.
 */
export async function openDatabase(dataDir: string): Promise<OpenDatabase> {
  assertThere(dataDir);
  const file = databaseFile(dataDir);
  const orm = await MikroORM.init(ormConfig(file));
  if (isCurrent(file)) return { orm, file };
  const lock = lockFile(join(dataDir, 'migrate.lock'), MIGRATION_WAIT_MS);
  try {
    if (lock === null) throw new Error('another process has been migrating the database too long');
    await orm.migrator.up();
    return { orm, file };
  } catch (error) {
    await orm.close();
    throw error;
  } finally {
    lock?.release();
  }
}

/** Whether every migration has run. Only looks, so that commands need not queue for the lock. */
function isCurrent(file: string): boolean {
  if (!existsSync(file)) return false;
  let database: ReturnType<typeof openSqlite> | undefined;
  try {
    database = openSqlite(file);
    const tables = database
      .prepare(`select 1 from sqlite_master where name = 'mikro_orm_migrations'`)
      .all();
    if (tables.length === 0) return false;
    const rows = database
      .prepare<[], { name: string }>('select name from mikro_orm_migrations')
      .all();
    const executed = new Set(rows.map(({ name }) => name));
    return migrations.every(({ name }) => executed.has(name));
  } catch (error) {
    const damage = damageIn(error);
    throw damage === null ? error : damaged(file, damage);
  } finally {
    database?.close();
  }
}

/** Commands look by taking the lock for an instant, which nobody may mistake for a server. */
const LOOK_MS = 500;

/** Held by the one process that serves a data directory; null when another one has it. */
export const serveLock = (dataDir: string) => lockFile(serveLockFile(dataDir), LOOK_MS);

/** Whether some process serves the data directory now. */
export function isServed(dataDir: string): boolean {
  const lock = serveLock(dataDir);
  lock?.release();
  return lock === null;
}
