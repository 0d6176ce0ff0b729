import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/sqlite';
import { migrations } from '../migrations/sqlite/index.ts';
import { ormConfig } from '../mikro-orm.config.ts';
import { lockFile, openSqlite } from './lib/sqlite.ts';

const MIGRATION_WAIT_MS = 30_000;

export interface OpenDatabase {
  orm: MikroORM;
  file: string;
}

/**
 * Opens the database of a data directory and brings its schema up to date. Migrations of several
 * processes wait for each other; each is one transaction.
 */
export async function openDatabase(dataDir: string): Promise<OpenDatabase> {
  const file = join(dataDir, 'tollgate.db');
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
  const database = openSqlite(file);
  try {
    const tables = database
      .prepare(`select 1 from sqlite_master where name = 'mikro_orm_migrations'`)
      .all();
    if (tables.length === 0) return false;
    const rows = database
      .prepare<[], { name: string }>('select name from mikro_orm_migrations')
      .all();
    const executed = new Set(rows.map(({ name }) => name));
    return migrations.every(({ name }) => executed.has(name));
  } finally {
    database.close();
  }
}

/** Commands look by taking the lock for an instant, which nobody may mistake for a server. */
const LOOK_MS = 500;

/** Held by the one process that serves a data directory; null when another one has it. */
export const serveLock = (dataDir: string) => lockFile(join(dataDir, 'serve.lock'), LOOK_MS);

/** Whether some process serves the data directory now. */
export function isServed(dataDir: string): boolean {
  const lock = serveLock(dataDir);
  lock?.release();
  return lock === null;
}
