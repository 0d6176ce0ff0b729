import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { seededRandom } from '../../../src/lib/random.ts';
import { TokenWindow } from '../../../src/lib/token-window.ts';

const WINDOW_MS = 100;

/** The same as a plain list that is searched anew for every question. */
class PlainWindow {
  readonly takes: { ticket: number; timeMs: number; amount: number }[] = [];

  sum(nowMs: number): number {
    let sum = 0;
    for (const { timeMs, amount } of this.takes) if (timeMs + WINDOW_MS > nowMs) sum += amount;
    return sum;
  }

  nextFreeAt(limit: number, amount: number, nowMs: number): number {
    if (limit < 1) return Infinity;
    let freeMs = nowMs;
    while (this.sum(freeMs) + Math.min(amount, limit) > limit) freeMs += 1;
    return freeMs;
  }

  emptyAt(nowMs: number): number {
    let emptyMs = nowMs;
    while (this.sum(emptyMs) > 0) emptyMs += 1;
    return emptyMs;
  }

  settle(ticket: number, actual: number, nowMs: number): void {
    const take = this.takes.find((one) => one.ticket === ticket);
    if (take !== undefined && take.timeMs + WINDOW_MS > nowMs) take.amount = actual;
  }
}

/** One random history, told apart by its seed. */
function compare(seed: number): void {
  const random = seededRandom(seed);
  const upTo = (max: number) => Math.floor(random() * (max + 1));
  const window = new TokenWindow(WINDOW_MS);
  const plain = new PlainWindow();
  let nowMs = 0;
  for (let step = 0; step < 400; step += 1) {
    // Mostly short, so that the rings are full, wrapped and growing, and now and then empty.
    nowMs += upTo(20) === 0 ? upTo(150) : upTo(4);
    const limit = upTo(600);
    const amount = upTo(10) === 0 ? upTo(900) : upTo(40);
    expect(window.sum(nowMs)).toBe(plain.sum(nowMs));
    expect(window.nextFreeAt(limit, amount, nowMs)).toBe(plain.nextFreeAt(limit, amount, nowMs));
    expect(window.emptyAt(nowMs)).toBe(plain.emptyAt(nowMs));
    if (upTo(2) > 0) {
      const ticket = window.take(amount, nowMs);
      plain.takes.push({ ticket, timeMs: nowMs, amount });
    }
    // Of any age, so that some have left the window and some are settled twice.
    const settled = plain.takes.at(-1 - upTo(60));
    if (settled !== undefined && upTo(1) === 0) {
      // Many come to nothing, as calls that fail do.
      const actual = upTo(1) === 0 ? 0 : amount;
      window.settle(settled.ticket, actual, nowMs);
      plain.settle(settled.ticket, actual, nowMs);
    }
  }
  expect(new Set(plain.takes.map(({ ticket }) => ticket)).size).toBe(plain.takes.length);
  expect(window.sum(nowMs + WINDOW_MS)).toBe(0);
}

describe('against brute force', () => {
  test('sums, next free and empty times and settlements are those of the plain list', () => {
    fc.assert(fc.property(fc.integer(), compare), { numRuns: 60 });
  });

  test('no window anywhere holds more than the limit', () => {
    const steps = fc.array(
      fc.record({
        waitMs: fc.double({ min: 0, max: 50, noNaN: true }),
        amount: fc.integer({ min: 0, max: 30 }),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 30, max: 200 }), (all, limit) => {
        const window = new TokenWindow(WINDOW_MS);
        const taken: { timeMs: number; amount: number }[] = [];
        let nowMs = 1e6 + 0.1;
        for (const { waitMs, amount } of all) {
          nowMs += waitMs;
          if (window.nextFreeAt(limit, amount, nowMs) > nowMs) continue;
          window.take(amount, nowMs);
          taken.push({ timeMs: nowMs, amount });
        }
        for (const { timeMs: startMs } of taken) {
          let inside = 0;
          for (const { timeMs, amount } of taken) {
            if (timeMs >= startMs && timeMs < startMs + WINDOW_MS) inside += amount;
          }
          expect(inside).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  test('waiting exactly until the next free time is enough, with fractions too', () => {
    const takes = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.integer({ min: 0, max: 9 })),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(takes, fc.integer({ min: 1, max: 20 }), (all, limit) => {
        const window = new TokenWindow(WINDOW_MS);
        const inOrder = all.toSorted(([a], [b]) => a - b);
        for (const [timeMs, amount] of inOrder) window.take(amount, timeMs);
        const freeMs = window.nextFreeAt(limit, 5, inOrder.at(-1)![0]);
        expect(window.nextFreeAt(limit, 5, freeMs)).toBe(freeMs);
      }),
    );
  });
});

test('a burst at the edge of two minutes does not pass twice', () => {
  const window = new TokenWindow(60_000);
  window.take(1000, 59_999);
  expect(window.nextFreeAt(1000, 1, 60_001)).toBe(119_999);
  expect(window.sum(119_998)).toBe(1000);
  expect(window.sum(119_999)).toBe(0);
});

test('asking changes nothing', () => {
  const window = new TokenWindow(WINDOW_MS);
  window.take(7, 0);
  for (let ask = 0; ask < 1000; ask += 1) window.nextFreeAt(7, 1, 1);
  expect(window.sum(1)).toBe(7);
});

describe('an amount larger than the limit', () => {
  test('goes at once through an empty window', () => {
    expect(new TokenWindow(WINDOW_MS).nextFreeAt(100, 5000, 3)).toBe(3);
  });

  test('else waits for all to leave, and holds the next up until it leaves itself', () => {
    const window = new TokenWindow(WINDOW_MS);
    window.take(1, 0);
    window.take(1, 40);
    expect(window.nextFreeAt(100, 5000, 50)).toBe(140);
    window.take(5000, 140);
    expect(window.nextFreeAt(100, 1, 150)).toBe(240);
  });

  test('never goes where the limit is below one', () => {
    const window = new TokenWindow(WINDOW_MS);
    expect(window.nextFreeAt(0, 1, 0)).toBe(Infinity);
    expect(window.nextFreeAt(0.5, 0, 0)).toBe(Infinity);
  });
});

describe('settling', () => {
  test('frees what was not used and takes what was used beyond', () => {
    const window = new TokenWindow(WINDOW_MS);
    const first = window.take(80, 0);
    const second = window.take(20, 10);
    expect(window.nextFreeAt(100, 30, 20)).toBe(100);
    window.settle(first, 50, 20);
    expect(window.nextFreeAt(100, 30, 20)).toBe(20);
    window.settle(second, 70, 30);
    expect(window.sum(30)).toBe(120);
    expect(window.nextFreeAt(100, 30, 30)).toBe(100);
  });

  test('keeps the time of the take', () => {
    const window = new TokenWindow(WINDOW_MS);
    window.settle(window.take(1, 0), 9, 99);
    expect([window.sum(99), window.sum(100)]).toEqual([9, 0]);
  });

  test('twice replaces again', () => {
    const window = new TokenWindow(WINDOW_MS);
    const ticket = window.take(10, 0);
    for (const actual of [3, 8, 8]) window.settle(ticket, actual, 1);
    expect(window.sum(1)).toBe(8);
  });

  test('changes nothing for a take that has left, nor for one that never was', () => {
    const window = new TokenWindow(WINDOW_MS);
    const gone = window.take(10, 0);
    window.take(4, 100);
    for (const ticket of [gone, gone + 2, -1]) window.settle(ticket, 1000, 100);
    expect(window.sum(100)).toBe(4);
  });

  test.each([
    ['less than nothing', -50, 0],
    ['no number', Number.NaN, 0],
    ['a fraction, rounded up', 1.2, 2],
    ['more than any call has, cut', Infinity, 2 ** 32],
  ])('counts %s', (_name, actual, expected) => {
    const window = new TokenWindow(WINDOW_MS);
    window.take(5, 0);
    window.settle(window.take(10, 0), actual, 0);
    expect(window.sum(0)).toBe(5 + expected);
    expect(window.sum(WINDOW_MS)).toBe(0);
  });
});

test('a clock that steps back frees nothing early', () => {
  const window = new TokenWindow(WINDOW_MS);
  window.take(3, 1000);
  window.take(4, 500);
  expect(window.nextFreeAt(7, 4, 1000)).toBe(1100);
  expect([window.sum(1099), window.sum(1100)]).toEqual([7, 0]);
});

test('after a large burst the window works on, small again', () => {
  const window = new TokenWindow(WINDOW_MS);
  for (let take = 0; take < 100_000; take += 1) window.take(3, take / 10_000);
  expect(window.sum(50)).toBe(300_000);
  expect(window.sum(1000)).toBe(0);
  let ticket = 0;
  for (let take = 0; take < 20; take += 1) ticket = window.take(1, 1000 + take);
  window.settle(ticket, 5, 1019);
  expect(window.sum(1019)).toBe(24);
  expect(window.sum(1105)).toBe(18);
});
