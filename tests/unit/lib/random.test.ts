import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { seededRandom, systemRandom } from '../../../src/lib/random.ts';

test('a seed gives the published mulberry32 sequence', () => {
  const random = seededRandom(0);
  expect([random(), random(), random()]).toEqual([
    0.26642920868471265, 0.0003297457005828619, 0.2232720274478197,
  ]);
});

test('equal seeds agree, other seeds differ, all values are in [0, 1)', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const values = Array.from({ length: 20 }, seededRandom(seed));
      expect(values).toEqual(Array.from({ length: 20 }, seededRandom(seed)));
      expect(values).not.toEqual(Array.from({ length: 20 }, seededRandom(seed + 1)));
      expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    }),
  );
});

test('values are spread evenly', () => {
  const random = seededRandom(7);
  const digits = Array.from({ length: 10_000 }, () => Math.floor(random() * 10));
  for (let digit = 0; digit < 10; digit += 1) {
    const count = digits.filter((drawn) => drawn === digit).length;
    expect(Math.abs(count - 1000)).toBeLessThan(150);
  }
});

test('the system source stays in range and varies', () => {
  const values = Array.from({ length: 100 }, systemRandom);
  expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  expect(new Set(values).size).toBeGreaterThan(90);
});
