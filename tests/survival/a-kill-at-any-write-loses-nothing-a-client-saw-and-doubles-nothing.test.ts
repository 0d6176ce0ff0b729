import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KILLS_MIN, SPREAD, killEverywhere } from './kills.ts';
import { createWorld, killedUnderLoad } from './world.ts';
import type { Start, World } from './world.ts';

let world: World;
let starts: Record<string, Start>;

beforeAll(async () => {
  world = await createWorld();
  starts = { clean: world.clean, killed: await killedUnderLoad(world) };
});

afterAll(() => world.sandbox.close());

test.each([
  ['was stopped in peace', 'clean'],
  ['was killed with calls under way, and has them to recover', 'killed'],
])(
  'D01: a server that %s: killed at any write, it loses and doubles nothing',
  async (_what, name) => {
    const start = starts[name] ?? world.clean;
    const { kills, wrong } = await killEverywhere({ world, start, tried: SPREAD });
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThanOrEqual(KILLS_MIN);
  },
  300_000,
);
