import { describe, expect, test } from '@jest/globals';
import { UpstreamLimits, isUnlimited } from '../../../src/pool/upstream-limits.ts';
import type { Limits } from '../../../src/pool/upstream-limits.ts';
import { MINUTE_MS } from './fixture.ts';

const limits = (rpm: number | null, tpm: number | null): Limits => ({ rpm, tpm });

describe('the wait for room', () => {
  /** Takes of so many tokens at so many milliseconds. */
  const two: [number, number][] = [
    [0, 60],
    [10_000, 30],
  ];

  test.each([
    ['nothing is limited', limits(null, null), 1000, 20_000, 0],
    ['requests have room', limits(3, null), 1000, 20_000, 0],
    ['requests are used up', limits(2, null), 0, 20_000, 40_000],
    ['until the first has left', limits(2, null), 0, MINUTE_MS - 1, 1],
    ['and not longer', limits(2, null), 0, MINUTE_MS, 0],
    ['tokens have room', limits(null, 100), 10, 20_000, 0],
    ['tokens are used up', limits(null, 100), 11, 20_000, 40_000],
    ['more must leave', limits(null, 100), 71, 20_000, 50_000],
    ['more than the limit goes alone', limits(null, 100), 5000, 20_000, 50_000],
    ['the longer of both', limits(2, 100), 71, 20_000, 50_000],
    ['no requests at all: a window at most', limits(0, null), 0, 20_000, MINUTE_MS],
    ['no tokens at all', limits(null, 0), 1, 20_000, MINUTE_MS],
  ])('%s: %j, %i tokens at %i ms → %i ms', (_name, wanted, tokens, nowMs, waitMs) => {
    const usage = new UpstreamLimits();
    for (const [atMs, taken] of two) usage.take(limits(100, 1000), taken, atMs);
    expect(usage.waitMs(wanted, tokens, nowMs)).toBe(waitMs);
    // Asking takes nothing.
    expect(usage.waitMs(wanted, tokens, nowMs)).toBe(waitMs);
  });
});

test('the tokens really used replace those reserved, also when they are more', () => {
  const usage = new UpstreamLimits();
  const taken = usage.take(limits(null, 100), 90, 0);
  expect(usage.waitMs(limits(null, 100), 20, 0)).toBe(MINUTE_MS);
  usage.settle(taken!, 10, 1000);
  expect(usage.waitMs(limits(null, 100), 90, 1000)).toBe(0);
  usage.settle(taken!, 95, 2000);
  expect(usage.waitMs(limits(null, 100), 20, 2000)).toBe(58_000);
});

test('what has no limit of tokens has nothing to settle', () => {
  expect(new UpstreamLimits().take(limits(5, null), 90, 0)).toBeNull();
});

test('is idle when the last minute has nothing to remember', () => {
  const usage = new UpstreamLimits();
  expect(usage.isIdle(0)).toBe(true);
  usage.take(limits(5, null), 0, 0);
  expect(usage.isIdle(MINUTE_MS - 1)).toBe(false);
  expect(usage.isIdle(MINUTE_MS)).toBe(true);
  usage.take(limits(null, 5), 1, MINUTE_MS);
  expect(usage.isIdle(2 * MINUTE_MS - 1)).toBe(false);
  expect(usage.isIdle(2 * MINUTE_MS)).toBe(true);
});

test.each([
  [limits(null, null), true],
  [limits(0, null), false],
  [limits(null, 5), false],
  [limits(1, 1), false],
])('%j is unlimited: %s', (given, expected) => {
  expect(isUnlimited(given)).toBe(expected);
});

test('its use is told where there is a limit', () => {
  const usage = new UpstreamLimits();
  expect(usage.uses({ rpm: null, tpm: null }, 0)).toEqual({ requests: null, tokens: null });
  const both = { rpm: 3, tpm: 100 };
  const idle = { used: 0, resetMs: 0 };
  expect(usage.uses(both, 0)).toEqual({
    requests: { limit: 3, ...idle },
    tokens: { limit: 100, ...idle },
  });
  usage.take(both, 40, 1000);
  usage.take(both, 0, 2000);
  expect(usage.uses(both, 11_000)).toEqual({
    requests: { limit: 3, used: 2, resetMs: 51_000 },
    tokens: { limit: 100, used: 40, resetMs: 50_000 },
  });
});
