import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SlidingWindow } from '../../../src/lib/sliding-window.ts';

const WINDOW_MS = 100;

describe('against brute force', () => {
  const steps = fc.array(
    fc.record({
      // Mostly short, so that the ring is full, wrapped and growing, and now and then empty.
      waitMs: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 4 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 150 }) },
      ),
      limit: fc.integer({ min: 0, max: 60 }),
    }),
    { maxLength: 300, size: 'max' },
  );

  test('counts, refusals, the next free and the empty time are those of the plain list of takes', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const window = new SlidingWindow(WINDOW_MS);
        const taken: number[] = [];
        let nowMs = 0;
        for (const { waitMs, limit } of all) {
          nowMs += waitMs;
          const live = (atMs: number) => taken.filter((timeMs) => timeMs + WINDOW_MS > atMs).length;
          expect(window.count(nowMs)).toBe(live(nowMs));
          expect(window.wouldExceed(limit, nowMs)).toBe(live(nowMs) + 1 > limit);
          let freeMs = limit < 1 ? Infinity : nowMs;
          while (Number.isFinite(freeMs) && live(freeMs) + 1 > limit) freeMs += 1;
          expect(window.nextFreeAt(limit, nowMs)).toBe(freeMs);
          let emptyMs = nowMs;
          while (live(emptyMs) > 0) emptyMs += 1;
          expect(window.emptyAt(nowMs)).toBe(emptyMs);
          if (window.wouldExceed(limit, nowMs)) continue;
          window.take(nowMs);
          taken.push(nowMs);
        }
      }),
    );
  });

  test('no window anywhere holds more takes than the limit', () => {
    const waits = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { maxLength: 300 });
    fc.assert(
      fc.property(waits, fc.integer({ min: 1, max: 20 }), (all, limit) => {
        const window = new SlidingWindow(WINDOW_MS);
        const taken: number[] = [];
        let nowMs = 1e6 + 0.1;
        for (const waitMs of all) {
          nowMs += waitMs;
          if (window.wouldExceed(limit, nowMs)) continue;
          window.take(nowMs);
          taken.push(nowMs);
        }
        for (const startMs of taken) {
          const inside = taken.filter((t) => t >= startMs && t < startMs + WINDOW_MS);
          expect(inside.length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  test('waiting exactly until the next free time is enough, with fractions too', () => {
    const times = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 5 }), (all, limit) => {
        const window = new SlidingWindow(WINDOW_MS);
        for (const timeMs of all.toSorted((a, b) => a - b)) window.take(timeMs);
        const freeMs = window.nextFreeAt(limit, Math.max(...all));
        expect(window.wouldExceed(limit, freeMs)).toBe(false);
      }),
    );
  });
});

test('a burst at the edge of two minutes does not pass twice', () => {
  const window = new SlidingWindow(60_000);
  for (let take = 0; take < 60; take += 1) window.take(59_999);
  expect(window.wouldExceed(60, 60_001)).toBe(true);
  expect(window.nextFreeAt(60, 60_001)).toBe(119_999);
  expect(window.wouldExceed(60, 119_998)).toBe(true);
  expect(window.wouldExceed(60, 119_999)).toBe(false);
});

test('asking changes nothing', () => {
  const window = new SlidingWindow(WINDOW_MS);
  window.take(0);
  for (let ask = 0; ask < 1000; ask += 1) window.wouldExceed(1, 1);
  expect(window.count(1)).toBe(1);
});

test('a lowered limit waits for as many takes as are too many', () => {
  const window = new SlidingWindow(WINDOW_MS);
  for (const timeMs of [0, 10, 20, 30]) window.take(timeMs);
  expect(window.nextFreeAt(2, 30)).toBe(20 + WINDOW_MS);
});

test('a clock that steps back frees nothing early', () => {
  const window = new SlidingWindow(WINDOW_MS);
  window.take(1000);
  window.take(500);
  expect(window.nextFreeAt(1, 1000)).toBe(1100);
  expect(window.count(1099)).toBe(2);
  expect(window.count(1100)).toBe(0);
});

test('after a large burst the window works on, small again', () => {
  const window = new SlidingWindow(WINDOW_MS);
  for (let take = 0; take < 100_000; take += 1) window.take(take / 10_000);
  expect(window.count(50)).toBe(100_000);
  expect(window.count(1000)).toBe(0);
  for (let take = 0; take < 20; take += 1) window.take(1000 + take);
  expect(window.count(1019)).toBe(20);
  expect(window.count(1105)).toBe(14);
});
