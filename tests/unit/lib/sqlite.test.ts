import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { Kysely, sql } from 'kysely';
import { WalSqliteDialect } from '../../../src/lib/sqlite.ts';

let directory: string;
let orm: Kysely<unknown>;
let other: Database.Database;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-sqlite-'));
  const file = join(directory, 'test.db');
  orm = new Kysely({ dialect: new WalSqliteDialect(file) });
  await sql`create table numbers (number integer)`.execute(orm);
  other = new Database(file);
});

afterEach(async () => {
  other.close();
  await orm.destroy();
  rmSync(directory, { recursive: true });
});

const numbers = () => other.prepare('select number from numbers').pluck().all();

test.each([
  [
    'a transaction',
    (nth: number) =>
      orm.transaction().execute((tx) => sql`insert into numbers values (${nth})`.execute(tx)),
  ],
  ['a statement', (nth: number) => sql`insert into numbers values (${nth})`.execute(orm)],
])('%s waits for the lock of another, and the thread goes on meanwhile', async (_what, write) => {
  other.exec('begin immediate');
  let isWritten = false;
  const writing = write(1).then(() => (isWritten = true));
  // Turns of the event loop that are long enough for some tries.
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(isWritten).toBe(false);
  other.exec('rollback');
  await writing;
  expect(numbers()).toEqual([1]);
});

test('any other failure is told at once', async () => {
  await expect(sql`insert into letters values (1)`.execute(orm)).rejects.toThrow('no such table');
});
