import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { nanoFromUsd, usdFromNano } from '../../../src/lib/money.ts';

describe('nanoFromUsd', () => {
  test.each<[string | number, bigint]>([
    ['0', 0n],
    ['-0', 0n],
    [-0, 0n],
    ['12.5', 12_500_000_000n],
    ['+12.50', 12_500_000_000n],
    ['.5', 500_000_000n],
    ['5.', 5_000_000_000n],
    ['-1', -1_000_000_000n],
    ['0.000000001', 1n],
    ['0.0000000010', 1n],
    ['0.0000000001', 1n],
    ['-0.0000000001', -1n],
    ['0.0000000011', 2n],
    ['-0.0000000011', -2n],
    ['1e-400', 1n],
    ['0e-400', 0n],
    ['1.5e3', 1_500_000_000_000n],
    ['1E+2', 100_000_000_000n],
    ['9007199254740993.000000001', 9_007_199_254_740_993_000_000_001n],
    [0.1, 100_000_000n],
    [4.5e-5, 45_000n],
    [1e-7, 100n],
    [1.5e-7, 150n],
    [1e21, 10n ** 30n],
  ])('%p is %p', (text, nano) => {
    expect(nanoFromUsd(text)).toBe(nano);
  });

  test.each([
    '',
    ' ',
    '.',
    '-',
    'e5',
    '.e5',
    '1 ',
    ' 1',
    '1\n',
    '1,5',
    '$5',
    '0x10',
    '1_000',
    '--1',
    '1.2.3',
    '1e',
    '1e1.5',
    '1e401',
    '1e-401',
    '1e999999999',
    'Infinity',
    '١',
  ])('%p is refused by name', (text) => {
    expect(() => nanoFromUsd(text)).toThrow(RangeError);
    expect(() => nanoFromUsd(text)).toThrow(JSON.stringify(text));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%p is refused',
    (number) => {
      expect(() => nanoFromUsd(number)).toThrow(RangeError);
    },
  );

  test('a very long text is refused without being repeated in full', () => {
    const long = '1'.repeat(100_000);
    expect(() => nanoFromUsd(long)).toThrow(RangeError);
    expect(() => nanoFromUsd(long)).toThrow(/^.{1,100}$/);
  });
});

describe('usdFromNano', () => {
  test.each<[bigint, string]>([
    [0n, '0.00'],
    [1n, '0.000000001'],
    [-1n, '-0.000000001'],
    [12_500_000_000n, '12.50'],
    [45_000n, '0.000045'],
    [-1_000_000_000n, '-1.00'],
    [120_000_000n, '0.12'],
    [123_000_000n, '0.123'],
    [10n ** 30n, '1000000000000000000000.00'],
  ])('%p is %s', (nano, text) => {
    expect(usdFromNano(nano)).toBe(text);
  });

  test('every amount survives the way to text and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (nano) => {
        expect(nanoFromUsd(usdFromNano(nano))).toBe(nano);
      }),
    );
  });

  test('rounding is away from zero and never by a nano or more', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.boolean(), digits, digits, (isNegative, whole, fraction) => {
        const nano = nanoFromUsd(`${isNegative ? '-' : ''}${whole.join('')}.${fraction.join('')}`);
        // Both sides in units of 10^-(length + 9) dollars, so that the comparison is exact.
        const exact = BigInt(whole.join('') + fraction.join('')) * 1_000_000_000n;
        const unit = 10n ** BigInt(fraction.length);
        const excess = (isNegative ? -nano : nano) * unit - exact;
        expect(excess >= 0n && excess < unit).toBe(true);
      }),
    );
  });
});
