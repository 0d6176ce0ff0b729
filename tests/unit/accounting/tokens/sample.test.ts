import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { sampleOf } from '../../../../src/accounting/tokens/sample.ts';
import { seededRandom } from '../../../../src/lib/random.ts';

const MAX = 6400;

test('what is short enough is taken as it is', () => {
  const texts = ['a'.repeat(MAX - 1), 'b', ''];
  expect(sampleOf(texts, MAX, seededRandom(1))).toEqual({ texts, chars: MAX, scale: 1 });
});

test('of any texts that are longer, no more is taken, from everywhere, and it stands for all', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3000), { minLength: 1, maxLength: 60 }),
      fc.integer(),
      (lengths, seed) => {
        // Each character is its own place, so that every part shows where it is from.
        let place = 0;
        const texts = lengths.map((length) =>
          String.fromCharCode(...Array.from({ length }, () => (place += 1) % 0xd000)),
        );
        fc.pre(place > MAX);
        const { chars, scale, texts: taken } = sampleOf(texts, MAX, seededRandom(seed));
        expect(taken.join('')).toHaveLength(chars);
        expect(chars).toBeLessThanOrEqual(MAX);
        expect(chars).toBeGreaterThan(MAX * 0.9);
        expect(chars * scale).toBeCloseTo(place, 3);
        const all = texts.join('');
        const parts = taken.filter((text) => text !== '');
        let from = 0;
        for (const part of parts) {
          const at = all.indexOf(part, from);
          expect(at).toBeGreaterThanOrEqual(from);
          // Nowhere is more than two stretches left out.
          expect(at - from).toBeLessThan((2 * place) / 64 + 1);
          from = at + part.length;
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('nobody can tell which parts', () => {
  const text = Array.from({ length: 50_000 }, (_each, at) => String.fromCharCode(at)).join('');
  const [one, other] = [1, 2].map((seed) => sampleOf([text], MAX, seededRandom(seed)).texts);
  expect(one).not.toEqual(other);
});
