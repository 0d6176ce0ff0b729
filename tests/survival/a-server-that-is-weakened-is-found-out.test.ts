import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { killEverywhere } from './kills.ts';
import { record } from './recording.ts';
import { replay } from './replay.ts';
import { weakenedBy } from './strace.ts';
import { createWorld } from './world.ts';
import type { World } from './world.ts';

// What the other suites of kills and power failures would say of a server that breaks its promise.

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.sandbox.close());

test('when it is killed: one that answers before its holds are on disk', async () => {
  const { wrong } = await killEverywhere({
    world,
    start: world.clean,
    tried: { log: { fsync: 6, fdatasync: 6 }, main: {} },
    // The ledger's thread then syncs far more often than the one that starts the server.
    rounds: 5,
    // Long enough for an answer on a busy machine, too.
    heldMs: 10_000,
    isOnceEnough: true,
    env: weakenedBy('answers do not wait for holds'),
  });
  expect(wrong.filter((text) => text.endsWith('was answered, and is lost'))).not.toEqual([]);
});

test.each(['NORMAL', 'OFF'])(
  'when the power fails: with synchronous=%s answered calls are lost',
  async (level) => {
    const recording = await record(world, world.clean, weakenedBy(`synchronous=${level}`));
    const lost: string[] = [];
    for await (const verdict of replay(recording, world.clean)) {
      lost.push(...verdict.lost);
      if (lost.length > 0) break;
    }
    expect(lost).not.toEqual([]);
  },
);
