import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KILLS_MIN, SPREAD, killEverywhere } from './kills.ts';
import type { Tried } from './kills.ts';
import { createWorld, neverStarted, withLongLog } from './world.ts';
import type { World } from './world.ts';

const FEW: Tried = {
  log: { pwrite64: 4, fsync: 4, fdatasync: 4 },
  main: { pwrite64: 3, fsync: 2, fdatasync: 2 },
};

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.sandbox.close());

test('D01: a server that copies its log to the main file in the midst of the calls: killed at any write, it loses and doubles nothing', async () => {
  const start = await withLongLog(world);
  const { kills, wrong } = await killEverywhere({ world, start, tried: SPREAD });
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThanOrEqual(KILLS_MIN);
}, 300_000);

test('D01: a first start killed at any write can be made again', async () => {
  const start = await neverStarted(world);
  const { kills, wrong } = await killEverywhere({ world, start, tried: FEW, isUncalled: true });
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(5);
});
