import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type Database from 'better-sqlite3';
import type { Logger } from '../../../../src/lib/logger.ts';
import { openSqlite } from '../../../../src/lib/sqlite.ts';
import { localReader } from '../../../../src/services/reader/local-reader.ts';
import type { Reader } from '../../../../src/services/reader/reader.ts';
import { ThreadedReader } from '../../../../src/services/reader/threaded-reader.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const LIMIT_MS = 10_000;
const IDLE_MS = 600_000;

let directory: string;
let file: string;
let writer: Database.Database;
let clock: ManualClock;
let errors: string[];
let readers: Reader[];
/** Threads that were started, told by what they are given to read. */
let started: Worker[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-reader-'));
  file = join(directory, 'test.db');
  writer = openSqlite(file);
  writer.exec('create table numbers (number integer primary key, text text)');
  [clock, errors, readers, started] = [new ManualClock(), [], [], []];
  const post = Worker.prototype.postMessage;
  jest.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, message) {
    if (!started.includes(this)) started.push(this);
    post.call(this, message);
  });
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const reader of readers) await reader.close();
  writer.close();
  rmSync(directory, { recursive: true });
});

function aReader(): ThreadedReader {
  const logger = { error: (_facts: object, text: string) => errors.push(text) };
  const reader = new ThreadedReader({ file, clock, logger: logger as unknown as Logger });
  readers.push(reader);
  return reader;
}

function aLocalReader(): Reader {
  const reader = localReader(file);
  readers.push(reader);
  return reader;
}

const COUNTED = 'with recursive n(x) as (select 1 union all select x + 1 from n where x < ?)';
/** Reads on and on until it is stopped. */
const ENDLESS: [string, number[]] = [
  `${COUNTED} select count(*) as n from n where unless_stopped(x)`,
  [1e12],
];
/** Cannot be stopped, and takes a while. */
const DEAF: [string, number[]] = [`${COUNTED} select count(*) as n from n`, [2e6]];
const ONE = 'select 1 as one';

/** Real turns of the event loop, until a statement is under way in its thread. */
const untilUnderWay = async (reader: Reader): Promise<void> => {
  await reader.rows(ONE);
};

describe.each([
  ['in a thread of its own', aReader],
  ['in this one', aLocalReader],
])('a reader %s', (_where, open) => {
  test('tells the rows of a statement with its values, however many', async () => {
    writer.exec(`insert into numbers with recursive n(x) as
      (select 1 union all select x + 1 from n where x < 1234) select x, 'n' || x from n`);
    const reader = open();
    const sql = 'select number, text from numbers where number > ? and text <> ? order by number';
    const rows = await reader.rows<{ number: number; text: string }>(sql, [3, 'n5']);
    expect(rows).toHaveLength(1230);
    expect([rows[0], rows[1], rows.at(-1)]).toEqual([
      { number: 4, text: 'n4' },
      { number: 6, text: 'n6' },
      { number: 1234, text: 'n1234' },
    ]);
    expect(await reader.rows(sql, [1234, ''])).toEqual([]);
  });

  test('tells of a statement that cannot be, and reads on', async () => {
    const reader = open();
    await expect(reader.rows('select * from nowhere')).rejects.toThrow('no such table: nowhere');
    expect(await reader.rows(ONE)).toEqual([{ one: 1 }]);
  });

  test('changes nothing', async () => {
    const reader = open();
    await expect(
      reader.rows('insert into numbers values (1, ?) returning number', ['x']),
    ).rejects.toThrow('readonly');
    expect(writer.prepare('select count(*) as n from numbers').get()).toEqual({ n: 0 });
  });

  test('sees each commit at once, and keeps no log from being cut', async () => {
    const reader = open();
    for (let number = 1; number <= 3; number += 1) {
      writer.prepare('insert into numbers values (?, ?)').run(number, 'x'.repeat(9000));
      expect(await reader.rows('select max(number) as n from numbers')).toEqual([{ n: number }]);
      // Only with a reader in the midst of something would it be busy.
      expect(writer.pragma('wal_checkpoint(truncate)')).toEqual([
        { busy: 0, log: 0, checkpointed: 0 },
      ]);
    }
  });

  test('does not give more rows than a mistake would ask for', async () => {
    const asked = open().rows(`${COUNTED} select x from n`, [1e9]);
    await expect(asked).rejects.toThrow('a read of more than 200000 rows');
  });

  test('reads nothing once closed', async () => {
    const reader = open();
    await reader.rows(ONE);
    await reader.close();
    await expect(reader.rows(ONE)).rejects.toMatchObject({ code: 'draining' });
  });
});

test('starts no thread before it is needed', async () => {
  const reader = aReader();
  expect(clock.waits).toEqual([]);
  await reader.close();
  expect(started).toEqual([]);
});

test('reads one after the other, in the order in which it was asked', async () => {
  const reader = aReader();
  const order: number[] = [];
  const asked = [3e5, 2, 3, 4].map(async (most, nth) => {
    await reader.rows(`${COUNTED} select count(*) as n from n`, [most]);
    order.push(nth);
  });
  await Promise.all(asked);
  expect(order).toEqual([0, 1, 2, 3]);
  expect(started).toHaveLength(1);
});

test('refuses what would have to wait for more than a hundred', async () => {
  const reader = aReader();
  const asked = Array.from({ length: 103 }, () => reader.rows(ONE));
  const told = await Promise.allSettled(asked);
  const refused = told.filter(({ status }) => status === 'rejected');
  expect(refused).toMatchObject([
    { reason: { code: 'overloaded', retryAfterMs: 1000 } },
    { reason: { code: 'overloaded' } },
  ]);
  expect(told.slice(101)).toEqual(refused);
  expect(await reader.rows(ONE)).toEqual([{ one: 1 }]);
});

test('breaks off a statement that takes longer than ten seconds, and reads the next', async () => {
  const reader = aReader();
  await untilUnderWay(reader);
  const endless = reader.rows(...ENDLESS);
  const next = reader.rows(ONE);
  expect(clock.waits).toEqual([LIMIT_MS]);
  clock.advance(LIMIT_MS - 1);
  clock.advance(1);
  await expect(endless).rejects.toMatchObject({
    code: 'request_timeout',
    message: 'This takes more than 10 s to read and was broken off. Ask for less at a time.',
  });
  expect(await next).toEqual([{ one: 1 }]);
  expect(started).toHaveLength(2);
  expect(errors).toEqual([]);
});

test('never has two threads: the next waits until one that cannot be stopped is through', async () => {
  const reader = aReader();
  await untilUnderWay(reader);
  const deaf = reader.rows(...DEAF);
  const next = reader.rows(ONE);
  clock.advance(LIMIT_MS);
  await expect(deaf).rejects.toMatchObject({ code: 'request_timeout' });
  const ended = jest.fn();
  started[0]?.once('exit', ended);
  expect(await next).toEqual([{ one: 1 }]);
  expect(ended).toHaveBeenCalledTimes(1);
});

test('keeps nobody waiting for a thread that does not end', async () => {
  const reader = aReader();
  await untilUnderWay(reader);
  const deaf = reader.rows(...DEAF);
  clock.advance(LIMIT_MS);
  await expect(deaf).rejects.toMatchObject({ code: 'request_timeout' });
  const next = reader.rows(ONE);
  clock.advance(LIMIT_MS);
  await expect(next).rejects.toMatchObject({ code: 'overloaded' });
});

test('a thread that dies takes with it what is under way, and not what comes after', async () => {
  const reader = aReader();
  await untilUnderWay(reader);
  const [dying, next] = [reader.rows(...ENDLESS), reader.rows(ONE)];
  started[0]?.emit('error', new Error('out of memory'));
  await expect(dying).rejects.toMatchObject({ code: 'storage_unavailable', retryAfterMs: 1000 });
  expect(await next).toEqual([{ one: 1 }]);
  expect(errors).toEqual(['the reader died: the next read starts another']);
});

test('a thread that ends without a word is as one that dies', async () => {
  const reader = aReader();
  await untilUnderWay(reader);
  await started[0]?.terminate();
  expect(errors).toHaveLength(1);
  expect(await reader.rows(ONE)).toEqual([{ one: 1 }]);
  expect(started).toHaveLength(2);
});

test('a thread that nobody needs for ten minutes ends, and the next read starts another', async () => {
  const reader = aReader();
  await reader.rows(ONE);
  expect(clock.waits).toEqual([IDLE_MS]);
  clock.advance(IDLE_MS);
  expect(await reader.rows(ONE)).toEqual([{ one: 1 }]);
  expect(started).toHaveLength(2);
});

test('closing gives up what is under way and what waits, and waits for nothing', async () => {
  const reader = aReader();
  await untilUnderWay(reader);
  const asked = [reader.rows(...ENDLESS), reader.rows(ONE)];
  const closing = reader.close();
  for (const one of asked) await expect(one).rejects.toMatchObject({ code: 'draining' });
  await closing;
  expect(clock.waits).toEqual([]);
});
