import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { Checkpoints } from '../../../../src/accounting/ledger/checkpoints.ts';
import { openSqlite } from '../../../../src/lib/sqlite.ts';

const COPIED_AT = 4000;
const TOLD_AT = 16_000;

let directory: string;
let database: Database.Database;
let checkpoints: Checkpoints;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-log-'));
  database = openSqlite(join(directory, 'test.db'));
  database.exec('create table numbers (number integer)');
  checkpoints = new Checkpoints(database);
  // What is written here need not survive anything.
  database.pragma('synchronous = OFF');
});

afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true });
});

/** Frames in the log, and how many of them are in the main file as well. */
const log = () => database.prepare('pragma wal_checkpoint(NOOP)').get();

function lengthen(frames: number): void {
  for (let frame = 0; frame < frames; frame += 1) database.pragma(`user_version = ${frame}`);
}

/** Stays at the state of now. */
function reader(): Database.Database {
  const other = new Database(database.name, { readonly: true });
  other.exec('begin');
  other.prepare('select count(*) from numbers').get();
  return other;
}

test('a short log is left alone, a long one is copied and begun anew', () => {
  const [{ log: before }] = [log() as { log: number }];
  lengthen(COPIED_AT - before - 1);
  expect(checkpoints.afterCommit()).toBeNull();
  expect(log()).toMatchObject({ log: COPIED_AT - 1, checkpointed: 0 });
  lengthen(1);
  expect(checkpoints.afterCommit()).toBeNull();
  expect(log()).toMatchObject({ log: COPIED_AT, checkpointed: COPIED_AT });
  lengthen(1);
  expect(checkpoints.afterCommit()).toBeNull();
  expect(log()).toMatchObject({ log: 1 });
});

test('a log that a reader keeps is told of once, and again when it is short', () => {
  const other = reader();
  lengthen(TOLD_AT);
  expect(checkpoints.afterCommit()).toMatchObject({ level: 'warn', megabytes: 66 });
  lengthen(500);
  expect(checkpoints.afterCommit()).toBeNull();
  other.close();
  lengthen(250);
  expect(checkpoints.afterCommit()).toBeNull();
  lengthen(1);
  expect(checkpoints.afterCommit()).toMatchObject({ level: 'info' });
  lengthen(1);
  expect(checkpoints.afterCommit()).toBeNull();
});

test('a failure is told with its code, and not thrown', () => {
  database.close();
  expect(checkpoints.afterCommit()).toMatchObject({ level: 'error', code: expect.any(String) });
});
