import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { RateLimits } from '../../../src/accounting/rate-limits.ts';

/** Whether a call at this time is let through, which takes its place. */
function tryAt(limits: RateLimits, limit: number | null, nowMs: number, key = 'k'): boolean {
  if (limits.waitMs(key, limit, nowMs) > 0) return false;
  limits.take(key, limit, nowMs);
  return true;
}

test('asking takes nothing, and the wait is until the oldest call is a minute old', () => {
  const limits = new RateLimits();
  expect(limits.waitMs('k', 2, 0)).toBe(0);
  expect([tryAt(limits, 2, 0), tryAt(limits, 2, 10_000)]).toEqual([true, true]);
  for (let ask = 0; ask < 5; ask += 1) expect(limits.waitMs('k', 2, 20_000)).toBe(40_000);
  expect([tryAt(limits, 2, 59_999), tryAt(limits, 2, 60_000)]).toEqual([false, true]);
  expect(limits.waitMs('k', 2, 60_000)).toBe(10_000);
});

test('no limit counts nothing, so that a later limit begins empty', () => {
  const limits = new RateLimits();
  for (let call = 0; call < 100; call += 1) expect(tryAt(limits, null, call)).toBe(true);
  expect(tryAt(limits, 1, 100)).toBe(true);
});

test('a limit of zero lets nothing through', () => {
  expect(new RateLimits().waitMs('k', 0, 0)).toBe(60_000);
});

test('keys do not share', () => {
  const limits = new RateLimits();
  expect([tryAt(limits, 1, 0, 'a'), tryAt(limits, 1, 0, 'b'), tryAt(limits, 1, 0, 'a')]).toEqual([
    true,
    true,
    false,
  ]);
});

test('in any minute at most the limit is let through, and no call is refused without need', () => {
  const steps = fc.array(fc.nat({ max: 20_000 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), steps, (limit, gaps) => {
      const limits = new RateLimits();
      const passed: number[] = [];
      let nowMs = 0;
      for (const gap of gaps) {
        nowMs += gap;
        const recent = passed.filter((at) => at + 60_000 > nowMs).length;
        const isLet = tryAt(limits, limit, nowMs);
        expect(isLet).toBe(recent < limit);
        if (isLet) passed.push(nowMs);
      }
    }),
  );
});
