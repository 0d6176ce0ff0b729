import { expect, test } from '@jest/globals';
import { duration } from '../../../src/cli/flags.ts';

test.each([
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['87600h', 315_360_000_000],
])('--for %s is %d ms', (text, ms) => {
  expect(duration(text)).toBe(ms);
});

test.each(['', '0s', '10', '10 minutes', '-5m', '87601h', 'permanent'])(
  '--for "%s" is a mistake that shows how to write one',
  (text) => {
    expect(duration(text)).toEqual({ mistake: expect.stringContaining('such as 30s, 10m') });
  },
);
