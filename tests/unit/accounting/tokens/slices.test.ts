import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { slicesOf } from '../../../../src/accounting/tokens/slices.ts';
import { tokensOfText } from '../../../support/token-count.ts';

const MAX = 255;
const slices = (text: string): string[] => [...slicesOf(text)];
const sum = (texts: string[], encoding: string): number =>
  texts.reduce((tokens, text) => tokens + tokensOfText(text, encoding), 0);

test.each(['', 'a', 'a'.repeat(MAX), 'a'.repeat(MAX + 1), ' '.repeat(5000), '字'.repeat(5000)])(
  'are the whole text, none too long and none empty',
  (text) => {
    expect(slices(text).join('')).toBe(text);
    for (const slice of slices(text)) {
      expect(slice.length).toBeGreaterThan(0);
      expect(slice.length).toBeLessThanOrEqual(MAX);
    }
  },
);

test('never part the halves of a character', () => {
  for (let shift = 0; shift < 4; shift += 1) {
    const text = 'x'.repeat(shift) + '😀'.repeat(1000);
    for (const slice of slices(text)) expect(slice.isWellFormed()).toBe(true);
  }
});

const words = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom("don't", "I'LL", 'naïve', '3.14159', '2026-11-21', 'über', '日本語、', 'данные'),
);
const blanks = fc.constantFrom(' ', ' ', ' ', '  ', '\n', ' \n\n ', '\t', '\u00a0', '. ', '…');
const prose = fc
  .array(fc.tuple(words, blanks), { minLength: 60, maxLength: 400 })
  .map((pairs) => pairs.flat().join(''));

describe.each(['o200k_base', 'cl100k_base'])('as %s counts them', (encoding) => {
  test('have the tokens of the whole, if it has words', () => {
    fc.assert(
      fc.property(prose, (text) => {
        // A word of twelve graphemes can itself be longer than a slice's second half.
        fc.pre(!/\S{100}/.test(text));
        expect(sum(slices(text), encoding)).toBe(tokensOfText(text, encoding));
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ['one letter', 'a'.repeat(20_000)],
    ['digits', '0123456789'.repeat(2000)],
    ['signs without a blank', '今天天气很好我们一起去公园散步吧'.repeat(1000)],
    ['code without a blank', 'fn(a,b)=>{return[a,b]};'.repeat(800)],
    ['lines', '\n'.repeat(4000)],
  ])('have hardly more than the whole, if it has none: %s', (_name, text) => {
    const whole = tokensOfText(text, encoding);
    const sliced = slices(text);
    expect(sum(sliced, encoding)).toBeGreaterThanOrEqual(whole);
    expect(sum(sliced, encoding)).toBeLessThanOrEqual(whole + 2 * sliced.length);
  });
});
