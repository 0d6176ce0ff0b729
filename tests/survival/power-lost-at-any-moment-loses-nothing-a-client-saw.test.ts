import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { record } from './recording.ts';
import { replay } from './replay.ts';
import type { Verdict } from './replay.ts';
import { createWorld, killedUnderLoad, withLongLog } from './world.ts';
import type { World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.sandbox.close());

const isWrong = ({ lost, findings }: Verdict): boolean => lost.length + findings.length > 0;

test.each([
  ['recovers what a killed one left', killedUnderLoad, 1500],
  ['copies its log to the main file in the midst of the calls', withLongLog, 250],
])(
  'D23: a server that %s: whatever a disk keeps of its writes, answered calls are on record, once',
  async (_what, starting, statesMin) => {
    const start = await starting(world);
    const recording = await record(world, start);
    const wrong: Verdict[] = [];
    let states = 0;
    for await (const verdict of replay(recording, start, start.isLogHeld)) {
      states += 1;
      if (isWrong(verdict)) wrong.push(verdict);
    }
    expect(wrong).toEqual([]);
    expect(states).toBeGreaterThan(statesMin);
  },
  300_000,
);
