import { describe, expect, test } from '@jest/globals';
import { retryAfterMs } from '../../../src/proxy/retry-after.ts';
import { NOW } from './fixture.ts';

type Headers = Record<string, string | string[]>;

const DAYS_400_MS = 400 * 86_400_000;
const at = (seconds: number) => new Date(NOW + seconds * 1000);
const told = (headers: Headers, status = 429) => retryAfterMs(headers, { status, nowMs: NOW });

describe('the wait that any answer may tell', () => {
  test.each<[string, Headers, number | null]>([
    ['seconds', { 'retry-after': '7' }, 7000],
    ['no seconds', { 'retry-after': '0' }, 0],
    ['a fraction of seconds', { 'retry-after': '1.5' }, 1500],
    ['an HTTP date', { 'retry-after': 'Sun, 01 Mar 2026 00:01:00 GMT' }, 60_000],
    [
      'an HTTP date in the form of RFC 850',
      { 'retry-after': 'Sunday, 01-Mar-26 00:01:00 GMT' },
      60_000,
    ],
    ['an HTTP date as asctime writes it', { 'retry-after': 'Sun Mar  1 00:01:00 2026' }, 60_000],
    ['a date long past', { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    ['the year 9999', { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, DAYS_400_MS],
    ['milliseconds', { 'retry-after-ms': '250' }, 250],
    ['a fraction of milliseconds', { 'retry-after-ms': '0.5' }, 0.5],
    ['milliseconds before seconds', { 'retry-after-ms': '250', 'retry-after': '7' }, 250],
    ['no milliseconds before seconds', { 'retry-after-ms': '0', 'retry-after': '7' }, 0],
    ['negative milliseconds, then seconds', { 'retry-after-ms': '-5', 'retry-after': '7' }, 7000],
    ['milliseconds in words, then seconds', { 'retry-after-ms': 'soon', 'retry-after': '7' }, 7000],
    [
      'endless milliseconds, then seconds',
      { 'retry-after-ms': `1${'0'.repeat(30)}`, 'retry-after': '7' },
      7000,
    ],
    [
      'two waits in milliseconds, then seconds',
      { 'retry-after-ms': ['1', '2'], 'retry-after': '7' },
      7000,
    ],
    ['the longest wait there is', { 'retry-after': String(DAYS_400_MS / 1000) }, DAYS_400_MS],
    ['a second more than that', { 'retry-after': String(DAYS_400_MS / 1000 + 1) }, null],
    ['negative seconds', { 'retry-after': '-7' }, null],
    ['NaN', { 'retry-after': 'NaN' }, null],
    ['infinity', { 'retry-after': 'Infinity' }, null],
    ['10^30', { 'retry-after': `1${'0'.repeat(30)}` }, null],
    ['10^30 in another notation', { 'retry-after': '1e30' }, null],
    ['hexadecimal', { 'retry-after': '0x10' }, null],
    ['two values', { 'retry-after': ['7', '9'] }, null],
    ['the same value twice', { 'retry-after': ['7', '7'] }, null],
    ['two values in one', { 'retry-after': '7, 9' }, null],
    ['nothing in it', { 'retry-after': '' }, null],
    ['blanks', { 'retry-after': '  ' }, null],
    ['words', { 'retry-after': 'soon' }, null],
    // A lenient parser of dates would take these for the year 2001.
    ['words with a number', { 'retry-after': 'soon 12' }, null],
    ['a unit that it does not have', { 'retry-after': '7s' }, null],
    ['a day that does not exist', { 'retry-after': 'Sun, 99 Mar 2026 00:01:00 GMT' }, null],
    ['no header', {}, null],
  ])('%s', (_name, headers, expected) => {
    for (const status of [429, 503, 200]) expect(told(headers, status)).toBe(expected);
  });
});

describe('the reset of a limit', () => {
  test.each<[string, string | string[], number | null]>([
    ['minutes and seconds', '6m0s', 360_000],
    ['seconds with a unit', '1s', 1000],
    ['milliseconds', '120ms', 120],
    ['all units', '1d2h3m4s5ms', 93_784_005],
    ['a fraction with a unit', '1m30.951s', 90_951],
    ['seconds alone', '20', 20_000],
    ['a fraction of a second', '0.25', 250],
    ['epoch seconds', String(NOW / 1000 + 42), 42_000],
    ['epoch seconds that are past', String(NOW / 1000 - 42), 0],
    ['RFC 3339', at(30).toISOString(), 30_000],
    ['RFC 3339 with a zone', '2026-03-01T03:00:30+03:00', 30_000],
    ['RFC 3339 that is past', at(-30).toISOString(), 0],
    ['RFC 3339 in the year 9999', '9999-12-31T23:59:59Z', null],
    ['half a date', '2026-', null],
    ['a negative number', '-20', null],
    ['a negative duration', '-6m0s', null],
    ['NaN', 'NaN', null],
    ['10^30', `1${'0'.repeat(30)}`, null],
    ['10^30 seconds', `1${'0'.repeat(30)}s`, null],
    ['a number beyond all numbers', `${'9'.repeat(400)}s`, null],
    ['a unit without a number', 's', null],
    ['an unknown unit', '5y', null],
    ['two values', ['20', '30'], null],
    ['nothing in it', '', null],
  ])('%s', (_name, value, expected) => {
    for (const what of ['-requests', '-tokens', '']) {
      expect(told({ [`x-ratelimit-reset${what}`]: value })).toBe(expected);
    }
  });

  test.each(['1', '1m', '1.1m', '1ms'])(
    'made to be slow to read (%s …) is read all the same',
    (part) => {
      expect(told({ 'x-ratelimit-reset': `${part.repeat(5000)}x` })).toBeNull();
    },
  );

  test('counts of a 429 only: other answers tell what nobody has to wait for', () => {
    const headers = { 'x-ratelimit-reset': '20', 'x-ratelimit-remaining': '0' };
    expect(told(headers)).toBe(20_000);
    for (const status of [200, 400, 402, 500, 503]) expect(told(headers, status)).toBeNull();
  });

  test.each<[string, Headers, number | null]>([
    ['what is used up', { 'x-ratelimit-remaining-tokens': '0' }, 6000],
    ['what is not used up does not count', { 'x-ratelimit-remaining-tokens': '5' }, null],
    ['what has a fraction left does not either', { 'x-ratelimit-remaining-tokens': '0.5' }, null],
    ['what nobody tells is taken for used up', {}, 6000],
    [
      'only requests are used up',
      {
        'x-ratelimit-remaining-tokens': '5',
        'x-ratelimit-reset-requests': '2s',
        'x-ratelimit-remaining-requests': '0',
      },
      2000,
    ],
    [
      'only tokens are used up',
      {
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-requests': '20s',
        'x-ratelimit-remaining-requests': '9',
      },
      6000,
    ],
    [
      'the later one of two',
      {
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-requests': '20s',
        'x-ratelimit-remaining-requests': '0',
      },
      20_000,
    ],
    [
      'a nonsensical one is passed over',
      { 'x-ratelimit-reset-requests': 'soon', 'x-ratelimit-remaining-requests': '0' },
      6000,
    ],
  ])('%s', (_name, headers, expected) => {
    expect(told({ 'x-ratelimit-reset-tokens': '6s', ...headers })).toBe(expected);
  });

  test('is asked only where the answer tells no wait of its own', () => {
    expect(told({ 'retry-after': '7', 'x-ratelimit-reset': '20' })).toBe(7000);
    expect(told({ 'retry-after': 'soon', 'x-ratelimit-reset': '20' })).toBe(20_000);
  });
});
