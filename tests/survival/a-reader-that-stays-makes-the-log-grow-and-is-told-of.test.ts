import { existsSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../support/patience.ts';
import { startServer } from '../support/server-process.ts';
import { complaints } from './books.ts';
import { call, nothingSeen } from './script.ts';
import { databaseFiles } from './strace.ts';
import { copyOf, createWorld, holdLog, withLongLog } from './world.ts';
import type { World } from './world.ts';

/** From so many on the log is told of, and it is cut to so many bytes when it can be (checkpoints.ts). */
const ALARM_FRAMES = 16_000;
const KEPT_BYTES = 2 ** 25;

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.sandbox.close());

test('D05: the log grows, calls go on, the operator is told; once the reader is gone it is cut', async () => {
  const dataDir = await copyOf(await withLongLog(world, ALARM_FRAMES));
  const { log } = databaseFiles(dataDir);
  const reader = holdLog(dataDir, true);
  const server = await startServer({ dataDir });
  const seen = nothingSeen();
  const target = { url: server.url, key: world.key, seen };
  expect(await call(target)).toBe(200);
  await until(() => server.stderr().includes('the write-ahead log grows'));
  const longBytes = statSync(log).size;
  for (let nth = 0; nth < 5; nth += 1) expect(await call(target)).toBe(200);
  expect(server.stderr().match(/the write-ahead log grows/g)).toHaveLength(1);
  expect(statSync(log).size).toBeGreaterThanOrEqual(longBytes);

  reader.release();
  await until(async () => {
    expect(await call(target)).toBe(200);
    return server.stderr().includes('the write-ahead log is short again');
  });
  expect(statSync(log).size).toBeLessThanOrEqual(KEPT_BYTES);
  expect(await server.stop()).toBe(0);
  expect(existsSync(log)).toBe(false);
  const witness = world.sandbox.witness.entries;
  expect(complaints(dataDir, { before: [], seen, witness })).toEqual([]);
});
