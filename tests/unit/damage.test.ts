import {
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { damageIn, damageOf } from '../../src/damage.ts';
import { openSqlite } from '../../src/lib/sqlite.ts';

const PAGE_BYTES = 4096;
/** More than is read from end to end: the rest of it takes no room. */
const HUGE_BYTES = 2 ** 28 + PAGE_BYTES;

let directory: string;
let file: string;
/** First pages of two tables, one of which only grows. */
let pages: Record<string, number>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-damage-'));
  file = join(directory, 'test.db');
  const database = openSqlite(file);
  database.exec('create table keys (id text); create table usage_records (id text)');
  for (const table of ['keys', 'usage_records']) {
    const insert = database.prepare(`insert into ${table} values (?)`);
    database.transaction(() => {
      for (let nth = 0; nth < 500; nth += 1) insert.run(`${nth} `.repeat(20));
    })();
  }
  const roots = database.prepare<[], { name: string; rootpage: number }>(
    'select name, rootpage from sqlite_schema',
  );
  pages = Object.fromEntries(roots.all().map(({ name, rootpage }) => [name, rootpage]));
  database.close();
});

afterEach(() => rmSync(directory, { recursive: true }));

function overwrite(page: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(PAGE_BYTES, 0xab), 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
  closeSync(handle);
}

test('a sound file has none', () => {
  expect(damageOf(file)).toBeNull();
});

test.each(['keys', 'usage_records'])('a page of %s that is overwritten is found', (table) => {
  overwrite(pages[table] ?? 0);
  expect(damageOf(file)).toMatch(/page|malformed/);
});

test('of a huge file only what a start depends on is read', () => {
  truncateSync(file, HUGE_BYTES);
  overwrite(pages['usage_records'] ?? 0);
  expect(damageOf(file)).toBeNull();
  overwrite(pages['keys'] ?? 0);
  expect(damageOf(file)).toMatch(/page|malformed/);
});

test('a file that is no database is told as such', () => {
  writeFileSync(file, 'x'.repeat(2 * PAGE_BYTES));
  expect(damageOf(file)).toBe('file is not a database');
});

test('an error of another kind is no damage', () => {
  expect(() => damageOf(join(directory, 'absent.db'))).toThrow('unable to open');
  expect(damageIn(Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' }))).toBeNull();
  expect(damageIn(new Error('else'))).toBeNull();
});
