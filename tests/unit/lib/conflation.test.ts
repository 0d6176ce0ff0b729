import { expect, test } from '@jest/globals';
import { Conflation } from '../../../src/lib/conflation.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const turns = () => new Promise((resolve) => setImmediate(resolve));

/** Reads as fast as there is something, and notes when. */
function reading(clock: ManualClock, changes: AsyncGenerator<string, void>) {
  const told: [number, string][] = [];
  const over = (async () => {
    for await (const key of changes) told.push([clock.monotonic(), key]);
  })();
  return { told, over };
}

test('the first change is told at once, further ones of the same thing once in each interval', async () => {
  const clock = new ManualClock();
  const conflation = new Conflation<string>(clock, 250);
  const leaving = new AbortController();
  const { told, over } = reading(clock, conflation.follow(leaving.signal));
  for (let ms = 0; ms < 1000; ms += 10) {
    conflation.mark('a');
    if (ms === 100) conflation.mark('b');
    await turns();
    clock.advance(10);
    await turns();
  }
  expect(told).toEqual([
    [0, 'a'],
    [100, 'b'],
    [250, 'a'],
    [500, 'a'],
    [750, 'a'],
    [1000, 'a'],
  ]);
  leaving.abort();
  await over;
  expect(clock.waits).toEqual([]);
});

test('the last change is told, however long nothing comes after it', async () => {
  const clock = new ManualClock();
  const conflation = new Conflation<string>(clock, 250);
  const leaving = new AbortController();
  const { told, over } = reading(clock, conflation.follow(leaving.signal));
  conflation.mark('a');
  await turns();
  conflation.mark('a');
  await turns();
  expect(told).toEqual([[0, 'a']]);
  clock.advance(250);
  await turns();
  expect(told).toEqual([
    [0, 'a'],
    [250, 'a'],
  ]);
  leaving.abort();
  await over;
});

test('a reader that is slow is told once of what changed a thousand times', async () => {
  const conflation = new Conflation<string>(new ManualClock(), 250);
  const changes = conflation.follow(new AbortController().signal);
  for (let nth = 0; nth < 1000; nth += 1) conflation.mark(nth % 2 === 0 ? 'a' : 'b');
  expect([await changes.next(), await changes.next()].map(({ value }) => value)).toEqual([
    'a',
    'b',
  ]);
});
