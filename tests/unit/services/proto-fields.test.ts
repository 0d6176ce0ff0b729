import { expect, test } from '@jest/globals';
import type { z } from 'zod';
import { validated } from '../../../src/services/operation.ts';
import { count, duration, int64, timestamp } from '../../../src/services/proto-fields.ts';

const mistake = (schema: z.ZodType, value: unknown) => {
  try {
    return validated(schema, value);
  } catch (error) {
    return (error as Error).message;
  }
};

test('a whole number is exact beyond what a double holds', () => {
  const all = int64(-(2n ** 63n), 2n ** 63n - 1n);
  for (const text of ['9223372036854775807', '-9223372036854775808', '9007199254740993', '0']) {
    expect(validated(all, text)).toBe(BigInt(text));
  }
  expect(validated(count(10), '10')).toBe(10);
  expect(validated(count(10), 0)).toBe(0);
});

test.each(['', ' 1', '1e3', '1.0', '0x1', '+1', '11', '-1', 11, -1, 1.5, Number.NaN, 2 ** 60])(
  '%p is no whole number from 0 to 10',
  (value) => {
    expect(mistake(count(10), value)).toMatch(/^input: must be a whole number(?: from 0 to 10)?$/);
  },
);

test.each([
  [{ seconds: '1', nanos: 0 }, 1000],
  [{ seconds: '0', nanos: 999_000_001 }, 1000],
  [{ seconds: '60', nanos: 0 }, 60_000],
])('%p lasts %d milliseconds', (value, ms) => {
  expect(validated(duration(1000, 60_000), value)).toBe(ms);
});

test.each([
  { seconds: '0', nanos: 0 },
  { seconds: '0', nanos: 999_000_000 },
  { seconds: '60', nanos: 1 },
  { seconds: '-5', nanos: 0 },
])('%p is not between a second and a minute', (value) => {
  expect(mistake(duration(1000, 60_000), value)).toBe('input: must be from 1 to 60 seconds');
});

test('all that is wrong with the parts of one is told', () => {
  const text = 'must be a whole number from -253402300799 to 253402300799';
  expect(mistake(duration(1, 2), { seconds: '253402300800', nanos: 2_000_000_000 })).toBe(
    `seconds: ${text}; nanos: must be at most 999999999`,
  );
});

test.each([
  [{ seconds: '1777777777', nanos: 123_999_999 }, 1_777_777_777_123],
  [{ seconds: '-1', nanos: 500_000_000 }, -500],
  [{ seconds: '0', nanos: 0 }, 0],
])('%p is %d', (value, ms) => {
  expect(validated(timestamp, value)).toBe(ms);
});

test('a time has no negative part of a second', () => {
  expect(mistake(timestamp, { seconds: '5', nanos: -1 })).toBe('input: nanos must not be below 0');
});
