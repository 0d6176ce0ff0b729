import 'reflect-metadata';
import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/sqlite';
import { ormConfig } from '../mikro-orm.config.ts';
import { lockFile } from './lib/sqlite.ts';

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
  const lock = lockFile(join(dataDir, 'migrate.lock'), MIGRATION_WAIT_MS);
  if (lock === null)
    throw new Error('another process has been migrating the database for too long');
  try {
    const orm = await MikroORM.init(ormConfig(file));
    await orm.migrator.up();
    return { orm, file };
  } finally {
    lock.release();
  }
}

/** Held by the one process that serves a data directory. */
export const serveLock = (dataDir: string) => lockFile(join(dataDir, 'serve.lock'), 0);

/** Whether some process serves the data directory now. */
export function isServed(dataDir: string): boolean {
  const lock = serveLock(dataDir);
  lock?.release();
  return lock === null;
}
