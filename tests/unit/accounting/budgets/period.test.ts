import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PeriodClock, isZone, periodOf } from '../../../../src/accounting/budgets/period.ts';
import type { BudgetPeriod } from '../../../../src/entities/budget.ts';
import { periodByWallClock } from './wall-clocks.ts';

const HOUR_MS = 3_600_000;
const iso = (ms: number) => new Date(ms).toISOString().replace(/(?::00)?\.000Z$/, 'Z');
const shown = (kind: BudgetPeriod, zone: string, at: string) => {
  const { startMs, endMs } = periodOf(kind, zone, Date.parse(at));
  return [iso(startMs), iso(endMs), (endMs - startMs) / HOUR_MS];
};

describe('a period', () => {
  test.each<[string, BudgetPeriod, string, string, [string, string, number]]>([
    [
      'hour',
      'hourly',
      'UTC',
      '2026-05-01T12:34:56Z',
      ['2026-05-01T12:00Z', '2026-05-01T13:00Z', 1],
    ],
    ['day', 'daily', 'UTC', '2026-05-01T00:00Z', ['2026-05-01T00:00Z', '2026-05-02T00:00Z', 24]],
    [
      'the last millisecond',
      'daily',
      'UTC',
      '2026-05-01T23:59:59.999Z',
      ['2026-05-01T00:00Z', '2026-05-02T00:00Z', 24],
    ],
    [
      'week, on a Monday',
      'weekly',
      'UTC',
      '2026-05-04T00:00Z',
      ['2026-05-04T00:00Z', '2026-05-11T00:00Z', 168],
    ],
    [
      'week, on a Sunday',
      'weekly',
      'UTC',
      '2026-05-03T23:59Z',
      ['2026-04-27T00:00Z', '2026-05-04T00:00Z', 168],
    ],
    [
      'week across a year',
      'weekly',
      'UTC',
      '2027-01-01T08:00Z',
      ['2026-12-28T00:00Z', '2027-01-04T00:00Z', 168],
    ],
    [
      'month',
      'monthly',
      'UTC',
      '2026-12-31T23:00Z',
      ['2026-12-01T00:00Z', '2027-01-01T00:00Z', 744],
    ],
    [
      'February',
      'monthly',
      'UTC',
      '2026-02-11T00:00Z',
      ['2026-02-01T00:00Z', '2026-03-01T00:00Z', 672],
    ],
    [
      'February of a leap year',
      'monthly',
      'UTC',
      '2028-02-29T23:59Z',
      ['2028-02-01T00:00Z', '2028-03-01T00:00Z', 696],
    ],
    [
      'February 2000',
      'monthly',
      'UTC',
      '2000-02-29T12:00Z',
      ['2000-02-01T00:00Z', '2000-03-01T00:00Z', 696],
    ],
    [
      'February 2100',
      'monthly',
      'UTC',
      '2100-02-28T12:00Z',
      ['2100-02-01T00:00Z', '2100-03-01T00:00Z', 672],
    ],
    [
      'a day of 23 hours',
      'daily',
      'Europe/Berlin',
      '2026-03-29T12:00Z',
      ['2026-03-28T23:00Z', '2026-03-29T22:00Z', 23],
    ],
    [
      'a day of 25 hours',
      'daily',
      'Europe/Berlin',
      '2026-10-25T12:00Z',
      ['2026-10-24T22:00Z', '2026-10-25T23:00Z', 25],
    ],
    [
      'its week',
      'weekly',
      'Europe/Berlin',
      '2026-10-25T12:00Z',
      ['2026-10-18T22:00Z', '2026-10-25T23:00Z', 169],
    ],
    [
      'its month',
      'monthly',
      'Europe/Berlin',
      '2026-10-25T12:00Z',
      ['2026-09-30T22:00Z', '2026-10-31T23:00Z', 745],
    ],
    [
      'an hour that comes twice, first',
      'hourly',
      'Europe/Berlin',
      '2026-10-25T00:59Z',
      ['2026-10-25T00:00Z', '2026-10-25T01:00Z', 1],
    ],
    [
      'an hour that comes twice, again',
      'hourly',
      'Europe/Berlin',
      '2026-10-25T01:00Z',
      ['2026-10-25T01:00Z', '2026-10-25T02:00Z', 1],
    ],
    [
      'an hour at +05:30',
      'hourly',
      'Asia/Kolkata',
      '2026-05-01T12:29Z',
      ['2026-05-01T11:30Z', '2026-05-01T12:30Z', 1],
    ],
    [
      'a day at +05:30',
      'daily',
      'Asia/Kolkata',
      '2026-05-01T18:30Z',
      ['2026-05-01T18:30Z', '2026-05-02T18:30Z', 24],
    ],
    [
      'a day at +05:45',
      'daily',
      'Asia/Kathmandu',
      '2026-05-01T18:14Z',
      ['2026-04-30T18:15Z', '2026-05-01T18:15Z', 24],
    ],
    [
      'a month at +12:45',
      'monthly',
      'Pacific/Chatham',
      '2026-06-30T11:15Z',
      ['2026-06-30T11:15Z', '2026-07-31T11:15Z', 744],
    ],
    [
      'a half hour cut off by a turn of half an hour',
      'hourly',
      'Australia/Lord_Howe',
      '2026-04-04T15:10Z',
      ['2026-04-04T15:00Z', '2026-04-04T15:30Z', 0.5],
    ],
    [
      'the hour before it',
      'hourly',
      'Australia/Lord_Howe',
      '2026-04-04T14:10Z',
      ['2026-04-04T14:00Z', '2026-04-04T15:00Z', 1],
    ],
    [
      'a day without midnight',
      'daily',
      'America/Sao_Paulo',
      '2018-11-04T12:00Z',
      ['2018-11-04T03:00Z', '2018-11-05T02:00Z', 23],
    ],
    [
      'the day after it',
      'daily',
      'America/Sao_Paulo',
      '2018-11-05T12:00Z',
      ['2018-11-05T02:00Z', '2018-11-06T02:00Z', 24],
    ],
    [
      'a day with two midnights',
      'daily',
      'America/Havana',
      '2026-11-01T05:30Z',
      ['2026-11-01T04:00Z', '2026-11-02T05:00Z', 25],
    ],
    [
      'a date that returns after midnight has begun the next',
      'daily',
      'America/St_Johns',
      '2006-10-29T03:00Z',
      ['2006-10-29T02:30Z', '2006-10-30T03:30Z', 25],
    ],
    [
      'the day before one that never was',
      'daily',
      'Pacific/Apia',
      '2011-12-30T09:59Z',
      ['2011-12-29T10:00Z', '2011-12-30T10:00Z', 24],
    ],
    [
      'the day after one that never was',
      'daily',
      'Pacific/Apia',
      '2011-12-30T10:00Z',
      ['2011-12-30T10:00Z', '2011-12-31T10:00Z', 24],
    ],
    [
      'an offset with seconds',
      'daily',
      'Africa/Monrovia',
      '1971-05-05T00:44:30Z',
      ['1971-05-05T00:44:30Z', '1971-05-06T00:44:30Z', 24],
    ],
    [
      'a time before 1970',
      'monthly',
      'UTC',
      '1969-07-20T20:17Z',
      ['1969-07-01T00:00Z', '1969-08-01T00:00Z', 744],
    ],
  ])('%s: %s in %s', (_name, kind, zone, at, expected) => {
    expect(shown(kind, zone, at)).toEqual(expected);
  });

  test('of none is for ever', () => {
    expect(periodOf('none', 'UTC', 1.8e12)).toEqual({ startMs: 0, endMs: Infinity });
  });

  test('of a zone that does not exist is a mistake', () => {
    expect(() => periodOf('daily', 'Mars/Olympus', 0)).toThrow('time zone');
  });
});

const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'UTC', 'US/Eastern');
/** Zones with every kind of oddity come more often than their share. */
const anyZone = fc.oneof(
  zones,
  fc.constantFrom(
    'Africa/Monrovia',
    'America/Havana',
    'America/St_Johns',
    'America/Toronto',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Pacific/Chatham',
    'Pacific/Kwajalein',
  ),
);
const kinds = fc.constantFrom('hourly', 'daily', 'weekly', 'monthly');

/** Any time of two centuries, or one close to where the zone's clocks are turned. */
function timeIn(zone: string): fc.Arbitrary<number> {
  const any = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(2100, 0, 1) });
  const near = fc.tuple(any, fc.integer({ min: -26 * HOUR_MS, max: 26 * HOUR_MS }));
  return fc.oneof(
    any,
    near.map(([fromMs, aside]) => {
      const from = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone);
      return (from.getTimeZoneTransition('next')?.epochMilliseconds ?? fromMs) + aside;
    }),
  );
}

const anyTime = anyZone.chain((zone) => fc.tuple(fc.constant(zone), timeIn(zone)));

test('any period is what clocks on the wall show, looked up minute by minute', () => {
  fc.assert(
    fc.property(anyTime, kinds, ([zone, atMs], kind) => {
      expect(periodOf(kind, zone, atMs)).toEqual(periodByWallClock(kind, zone, atMs));
    }),
    { numRuns: 250 },
  );
});

test('periods hold their times and follow each other without gap or overlap', () => {
  fc.assert(
    fc.property(anyTime, kinds, ([zone, atMs], kind) => {
      const period = periodOf(kind, zone, atMs);
      expect(period.startMs <= atMs && atMs < period.endMs).toBe(true);
      expect(periodOf(kind, zone, period.startMs)).toEqual(period);
      expect(periodOf(kind, zone, period.endMs - 1)).toEqual(period);
      expect(periodOf(kind, zone, period.endMs).startMs).toBe(period.endMs);
      expect(periodOf(kind, zone, period.startMs - 1).endMs).toBe(period.startMs);
    }),
    { numRuns: 3000 },
  );
});

describe('a clock of periods', () => {
  test('works nothing out within the period it told last', () => {
    const clock = new PeriodClock('daily', 'Europe/Berlin');
    const period = clock.periodAt(Date.parse('2026-05-01T12:00Z'));
    for (const atMs of [period.startMs, period.startMs + 1, period.endMs - 1]) {
      expect(clock.periodAt(atMs)).toBe(period);
    }
    expect(clock.periodAt(period.endMs)).not.toBe(period);
  });

  test('tells the same as without memory, in whatever order it is asked', () => {
    const times = anyZone.chain((zone) =>
      fc.tuple(fc.constant(zone), fc.array(timeIn(zone), { maxLength: 8 })),
    );
    const anyKind = fc.oneof(kinds, fc.constant<BudgetPeriod>('none'));
    fc.assert(
      fc.property(times, anyKind, ([zone, order], kind) => {
        const clock = new PeriodClock(kind, zone);
        for (const atMs of order) {
          expect(clock.periodAt(atMs)).toEqual(periodOf(kind, zone, atMs));
        }
      }),
    );
  });
});

describe('a zone', () => {
  test.each(['UTC', 'Etc/UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'EST5EDT'])(
    '%s is one',
    (name) => {
      expect(isZone(name)).toBe(true);
    },
  );

  test.each(['', ' ', 'Mars/Olympus', '+02:00', '-05', 'Z', 'UTC+1', 'Europe/Berlin ', 'T10+01'])(
    '"%s" is none',
    (name) => {
      expect(isZone(name)).toBe(false);
    },
  );

  test('whatever is one has periods', () => {
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      expect([zone, isZone(zone)]).toEqual([zone, true]);
      expect(periodOf('daily', zone, 0).endMs).toBeGreaterThan(0);
    }
    const names = fc.oneof(fc.string(), fc.constantFrom('GMT0', 'Etc/GMT+12', 'cst6cdt', 'Zulu'));
    fc.assert(
      fc.property(names, (name) => {
        if (isZone(name)) expect(periodOf('daily', name, 0).endMs).toBeGreaterThan(0);
      }),
    );
  });
});
