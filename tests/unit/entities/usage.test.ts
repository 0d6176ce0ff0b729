import { describe, expect, test } from '@jest/globals';
import { USAGE_CLASSES, addUsage, isUsage, noUsage } from '../../../src/entities/usage.ts';

describe('usage', () => {
  test('has no units to begin with and cannot be changed by accident', () => {
    expect(Object.keys(noUsage())).toEqual([...USAGE_CLASSES]);
    expect(Object.values(noUsage()).every((units) => units === 0)).toBe(true);
    expect(Object.isFrozen(noUsage())).toBe(true);
  });

  test('adds class by class and leaves its terms alone', () => {
    const left = { ...noUsage(), input: 3, audioMillis: 1_500 };
    const right = { ...noUsage(), input: 4, reasoning: 9, requests: 1 };
    expect(addUsage(left, right)).toEqual({
      ...noUsage(),
      input: 7,
      reasoning: 9,
      audioMillis: 1_500,
      requests: 1,
    });
    expect(left).toEqual({ ...noUsage(), input: 3, audioMillis: 1_500 });
  });

  test.each<[string, unknown, boolean]>([
    ['all zero', noUsage(), true],
    ['the largest count', { ...noUsage(), images: Number.MAX_SAFE_INTEGER }, true],
    ['a field more', { ...noUsage(), video: 'x' }, true],
    ['a class missing', { input: 1 }, false],
    ['a negative count', { ...noUsage(), output: -1 }, false],
    ['half a token', { ...noUsage(), output: 0.5 }, false],
    ['more than 2^53 - 1', { ...noUsage(), output: 2 ** 53 }, false],
    ['not a number', { ...noUsage(), output: Number.NaN }, false],
    ['a number as text', { ...noUsage(), output: '1' }, false],
    ['null', null, false],
    ['no object', 12, false],
  ])('is checked: %s', (_name, value, expected) => {
    expect(isUsage(value)).toBe(expected);
  });
});
