import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogueRows } from '../../src/accounting/prices/catalogue.ts';
import { storePrices } from '../../src/accounting/prices/store.ts';
import { openDatabase } from '../../src/database.ts';

/** Of this run alone, so that it is never older than the code (jest.config.js). */
const RUN_DIR = String(process.env['TEST_RUN_DIR']);

/**
 * A new data directory as one that was served before: with the schema and the published prices, which
 * it would take longer to make than most tests last. They are made once in a run.
 */
export async function preparedDirectory(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-test-'));
  const prepared = join(RUN_DIR, 'prepared.db');
  const target = join(dataDir, 'tollgate.db');
  try {
    await copyFile(prepared, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await prepare(prepared);
    await copyFile(prepared, target);
  }
  return dataDir;
}

/** Whole or not there: another worker may be at it, too. */
async function prepare(path: string): Promise<void> {
  await mkdir(RUN_DIR, { recursive: true });
  const dataDir = await mkdtemp(join(RUN_DIR, 'preparing-'));
  const { orm, file } = await openDatabase(dataDir);
  await storePrices(orm.em.fork(), catalogueRows(), Date.now());
  await orm.close();
  await rename(file, path);
  await rm(dataDir, { recursive: true });
}
