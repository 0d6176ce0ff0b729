import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { killEverywhere } from './kills.ts';
import type { Tried } from './kills.ts';
import { weakenedBy } from './strace.ts';
import { createWorld, killedUnderLoad, neverStarted, withLongLog } from './world.ts';
import type { Start, World } from './world.ts';

/** Three starts: sixty kills of a server that is called. */
const KILLS_MIN = 20;

/** Points of a kind, spread over all that there are. */
const TRIED: Tried = {
  log: { pwrite64: 10, fsync: 6, fdatasync: 6, ftruncate: 3, unlink: 2 },
  main: { pwrite64: 5, fsync: 3, fdatasync: 3, ftruncate: 2 },
};
const FEW: Tried = {
  log: { pwrite64: 4, fsync: 4, fdatasync: 4 },
  main: { pwrite64: 3, fsync: 2, fdatasync: 2 },
};

let world: World;
let starts: Record<string, Start>;

beforeAll(async () => {
  world = await createWorld();
  const [killed, long] = await Promise.all([killedUnderLoad(world), withLongLog(world)]);
  starts = { clean: world.clean, killed, long };
});

afterAll(() => world.sandbox.close());

test.each([
  ['was stopped in peace', 'clean'],
  ['was killed with calls under way, and has them to recover', 'killed'],
  ['copies its log to the main file in the midst of the calls', 'long'],
])(
  'D01: a server that %s: killed at any write, it loses and doubles nothing',
  async (_what, name) => {
    const start = starts[name] ?? world.clean;
    const { kills, wrong } = await killEverywhere({ world, start, tried: TRIED });
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(KILLS_MIN);
  },
  300_000,
);

test('D01: a first start killed at any write can be made again', async () => {
  const start = await neverStarted(world);
  const { kills, wrong } = await killEverywhere({ world, start, tried: FEW, isUncalled: true });
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(5);
});

test('a server that answers before its holds are on disk is found out', async () => {
  const { wrong } = await killEverywhere({
    world,
    start: world.clean,
    tried: { log: { fsync: 6, fdatasync: 6 }, main: {} },
    // Long enough for an answer on a busy machine, too.
    heldMs: 1000,
    env: weakenedBy('answers do not wait for holds'),
  });
  expect(wrong.filter((text) => text.endsWith('was answered, and is lost'))).not.toEqual([]);
});
