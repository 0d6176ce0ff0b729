import { describe, expect, test } from '@jest/globals';
import { formatUsd, parseUsd } from '../../../src/sandbox/credits.ts';

describe('formatUsd writes exact decimals, two at least', () => {
  test.each([
    [95_500_000_000n, '95.50'],
    [0n, '0.00'],
    [1n, '0.000000001'],
    [-12_000n, '-0.000012'],
    [10_000_000_000n, '10.00'],
    [1_234_567_890n, '1.23456789'],
  ])('%s nano-USD is %s', (nano, text) => {
    expect(formatUsd(nano)).toBe(text);
    expect(parseUsd(text)).toBe(nano);
  });
});

test.each(['', '.5', '1.', '1e3', '1.0000000001', '0x10', ' 1', '--1', 'NaN'])(
  'parseUsd refuses %j',
  (text) => {
    expect(parseUsd(text)).toBeNull();
  },
);
