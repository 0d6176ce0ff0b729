import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import { random } from '../../../src/routing/random.ts';
import { shuffle } from '../../../src/routing/shuffle.ts';
import { alike, aTurn, counted, even, expectShares, orders } from './fixture.ts';

const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index);

test('every order of four is as likely as any other', () => {
  const turn = aTurn(alike('abcd'), { random: seededRandom(3) });
  const seen = orders(
    random,
    turn,
    Array.from({ length: 24_000 }, () => 'abcd'),
  );
  const possible = [...new Set(seen)];
  expect(possible).toHaveLength(24);
  expectShares(seen, even(possible));
});

describe('a shuffle', () => {
  test('is fair at every place of a list that needs several draws', () => {
    const source = seededRandom(4);
    const seen = new Map<string, number>();
    for (let round = 0; round < 24_000; round += 1) {
      const list = numbers(24);
      shuffle(list, source);
      for (const [place, value] of list.entries()) {
        const cell = `${value} at ${place}`;
        seen.set(cell, (seen.get(cell) ?? 0) + 1);
      }
    }
    // 1000 are expected of each: five standard deviations either way.
    expect(seen.size).toBe(24 * 24);
    expect([...seen].filter(([, count]) => Math.abs(count - 1000) > 158)).toEqual([]);
  });

  test('keeps to its range', () => {
    const source = seededRandom(5);
    const middles = Array.from({ length: 6000 }, () => {
      const list = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
      shuffle(list, source, 2, 5);
      expect(list.toSpliced(2, 3)).toEqual(['a', 'b', 'f', 'g']);
      return list.slice(2, 5).join('');
    });
    expectShares(middles, even(['cde', 'ced', 'dce', 'dec', 'ecd', 'edc']));
  });

  test.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [9, 1],
    [24, 5],
  ])('of %i costs %i draws', (length, draws) => {
    const source = counted(seededRandom(6));
    shuffle(numbers(length), source);
    expect(source.asked).toBe(draws);
  });

  test.each([0, 2 ** -32, 1 - 2 ** -32, 1 - 2 ** -53])(
    'loses nobody when chance says %d',
    (drawn) => {
      for (let length = 2; length < 300; length += 1) {
        const list = numbers(length);
        shuffle(list, () => drawn);
        expect(list.toSorted((one, other) => one - other)).toEqual(numbers(length));
      }
    },
  );
});
