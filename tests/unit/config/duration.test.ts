import { expect, test } from '@jest/globals';
import { durationMs } from '../../../src/config/duration.ts';

test.each([
  ['100ms', 100],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['2h0m1s', 7_201_000],
  ['0s', 0],
])('%s is %d ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each(['', '30', '5 m', '-1s', '1d', 's', '1.s', '1e3s', '30s ', '1h-5m'])(
  '"%s" is no duration',
  (text) => {
    expect(durationMs(text)).toBeNull();
  },
);
