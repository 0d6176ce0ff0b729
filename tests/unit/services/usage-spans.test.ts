import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  bucketsOf,
  coverOf,
  inQuarters,
  runsOf,
  shortestCover,
  spanOf,
} from '../../../src/services/usage-spans.ts';
import type { Stretch } from '../../../src/services/usage-spans.ts';

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const LONG_MS = 32 * DAY_MS;
/** Some hundred days, in quarters of an hour. */
const quarter = fc.nat(12_000);

/** How often a quarter is in the totals of these stretches. */
const timesIn = (stretches: readonly Stretch[], quarterMs: number): number =>
  stretches
    .filter(({ spanMs, startMs, endMs }) => {
      const spanStartMs = quarterMs - (quarterMs % spanMs);
      return spanStartMs >= startMs && spanStartMs < endMs;
    })
    .reduce((times, { sign }) => times + sign, 0);

describe('a period is covered by few spans', () => {
  test('each of its quarters once, and no other', () => {
    fc.assert(
      fc.property(quarter, quarter, fc.array(quarter), (one, other, probes) => {
        const [startMs, endMs] = [
          Math.min(one, other) * QUARTER_MS,
          Math.max(one, other) * QUARTER_MS,
        ];
        const stretches = coverOf({ startMs, endMs });
        const edges = [startMs, endMs - QUARTER_MS, endMs].filter((probe) => probe >= 0);
        for (const probe of [...probes.map((at) => at * QUARTER_MS), ...edges]) {
          const isWithin = probe >= startMs && probe < endMs;
          expect([probe, timesIn(stretches, probe)]).toEqual([probe, isWithin ? 1 : 0]);
        }
        for (const { spanMs, startMs: from, endMs: to } of stretches) {
          expect([from % spanMs, to % spanMs]).toEqual([0, 0]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('at an end half of the next longer span at most', () => {
    fc.assert(
      // Of a period so long that there is a middle.
      fc.property(quarter, fc.integer({ min: 8000, max: 100_000 }), (from, length) => {
        const [startMs, endMs] = [from * QUARTER_MS, (from + length) * QUARTER_MS];
        const stretches = coverOf({ startMs, endMs });
        const counts = stretches.map((one) => [one.spanMs, (one.endMs - one.startMs) / one.spanMs]);
        for (const [spanMs = 0, count = 0] of counts) {
          if (spanMs === QUARTER_MS) expect(count).toBeLessThanOrEqual(48);
          if (spanMs === DAY_MS) expect(count).toBeLessThanOrEqual(16);
        }
        expect(stretches.length).toBeLessThanOrEqual(5);
      }),
    );
  });

  test('all of time is the long spans alone', () => {
    const ever = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
    expect(coverOf(ever)).toEqual([{ ...ever, spanMs: LONG_MS, sign: 1 }]);
  });

  test('an hour is four quarters, also across a midnight', () => {
    const startMs = 10 * LONG_MS - HOUR_MS / 2;
    const period = { startMs, endMs: startMs + HOUR_MS };
    expect(coverOf(period)).toEqual([{ ...period, spanMs: QUARTER_MS, sign: 1 }]);
  });
});

describe('what is known to be empty may be counted or not', () => {
  test.each([
    ['the last hour is told by its quarters', 40 * DAY_MS + 14 * HOUR_MS, 4],
    ['the last days by days, not by giving back most of a long span', 43 * DAY_MS, 12],
    ['from a long span on, by that one', 32 * DAY_MS, 1],
  ])('%s', (_name, startMs, spans) => {
    const knownMs = startMs === 43 * DAY_MS ? 55 * DAY_MS : 40 * DAY_MS + 15 * HOUR_MS;
    const cover = shortestCover({ startMs, endMs: Number.POSITIVE_INFINITY }, knownMs);
    const counted = cover.map(
      (one) =>
        (Math.min(one.endMs, Math.ceil(knownMs / one.spanMs) * one.spanMs) - one.startMs) /
        one.spanMs,
    );
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(spans);
  });

  test('and the rest is counted once all the same', () => {
    fc.assert(
      fc.property(quarter, quarter, quarter, quarter, (one, other, known, probe) => {
        const [startMs, endMs] = [
          Math.min(one, other) * QUARTER_MS,
          Math.max(one, other) * QUARTER_MS,
        ];
        const knownMs = known * QUARTER_MS;
        const probeMs = (probe * QUARTER_MS) % Math.max(QUARTER_MS, knownMs);
        const times = timesIn(shortestCover({ startMs, endMs }, knownMs), probeMs);
        expect(times).toBe(probeMs >= startMs && probeMs < endMs ? 1 : 0);
      }),
      { numRuns: 300 },
    );
  });
});

test('ends are moved out to quarters', () => {
  expect(inQuarters({ startMs: QUARTER_MS + 1, endMs: 2 * QUARTER_MS + 1 })).toEqual({
    startMs: QUARTER_MS,
    endMs: 3 * QUARTER_MS,
  });
});

const at = (text: string) => Date.parse(text);

describe('buckets are those of the zone’s clocks', () => {
  test.each([
    ['Europe/Berlin', 'a day of 23 hours', '2026-03-29T12:00Z', '2026-03-28T23:00Z', 23],
    ['Europe/Berlin', 'a day of 25 hours', '2026-10-25T12:00Z', '2026-10-24T22:00Z', 25],
    [
      'Asia/Kolkata',
      'a day that begins at half past',
      '2026-05-05T20:00Z',
      '2026-05-05T18:30Z',
      24,
    ],
    ['Asia/Kathmandu', 'one at a quarter past', '2026-05-05T20:00Z', '2026-05-05T18:15Z', 24],
    [
      'Australia/Lord_Howe',
      'one with half an hour more',
      '2026-04-05T00:00Z',
      '2026-04-04T13:00Z',
      24.5,
    ],
  ])('%s: %s', (zone, _name, inside, start, hours) => {
    const [day, ...others] = bucketsOf('daily', zone, {
      startMs: at(inside),
      endMs: at(inside) + 1,
    });
    expect(others).toEqual([]);
    expect(day).toEqual({ startMs: at(start), endMs: at(start) + hours * HOUR_MS });
  });

  test('an hour that clocks show twice is two', () => {
    const within = { startMs: at('2026-10-25T00:00Z'), endMs: at('2026-10-25T02:00Z') };
    expect([...bucketsOf('hourly', 'Europe/Berlin', within)]).toHaveLength(2);
  });

  test('runs number them without a gap, whatever their lengths', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'America/St_Johns',
    );
    const kinds = fc.constantFrom('hourly' as const, 'daily' as const);
    fc.assert(
      fc.property(zones, kinds, fc.nat(700), (zone, kind, day) => {
        const startMs = at('2025-09-01T00:00Z') + day * DAY_MS;
        const buckets = [...bucketsOf(kind, zone, { startMs, endMs: startMs + 9 * DAY_MS })];
        const runs = runsOf(buckets);
        expect(runs.length).toBeLessThanOrEqual(kind === 'daily' ? 3 : 5);
        for (const [number, bucket] of buckets.entries()) {
          for (const probe of [bucket.startMs, bucket.endMs - QUARTER_MS]) {
            const run = runs.find((one) => probe >= one.startMs && probe < one.endMs);
            const told =
              Math.floor((probe - (run?.startMs ?? 0)) / (run?.stepMs ?? 1)) + (run?.first ?? 0);
            expect(told).toBe(number);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('whole days of UTC are told by days, others by quarters', () => {
    const within = { startMs: at('2026-05-05'), endMs: at('2026-05-08') };
    expect(spanOf([...bucketsOf('daily', 'UTC', within)])).toBe(DAY_MS);
    expect(spanOf([...bucketsOf('daily', 'Europe/Berlin', within)])).toBe(QUARTER_MS);
    expect(spanOf([...bucketsOf('hourly', 'UTC', within)])).toBe(QUARTER_MS);
  });
});
