import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ModelPattern } from '../../../src/pool/model-pattern.ts';

test.each([
  ['gpt-4o', 'gpt-4o', []],
  ['gpt-4o', 'GPT-4o', null],
  ['gpt-4o', 'gpt-4o-mini', null],
  ['*', 'anything', ['anything']],
  ['*', '', ['']],
  ['google/*', 'google/gemini', ['gemini']],
  ['google/*', 'google/', ['']],
  ['google/*', 'Google/Gemini-2.0-Flash', ['Gemini-2.0-Flash']],
  ['GOOGLE/*', 'google/gemini', ['gemini']],
  ['google/*', 'x-google/gemini', null],
  ['*-thinking', 'o-THINKING', ['o']],
  ['*-thinking', 'o-thinking-2', null],
  ['gpt-*-mini', 'gpt-4o-mini', ['4o']],
  ['gpt-*-mini', 'gpt--mini', ['']],
  // The hyphen cannot be of both ends.
  ['gpt-*-mini', 'gpt-mini', null],
  ['*gemini*', 'models/Gemini-2', ['models/', '-2']],
  ['*gemini*', 'gemini', ['', '']],
  ['*gemini*', 'gemma', null],
  ['*aa*', 'aaa', ['', 'a']],
  ['a*b*c', 'abbc', ['', 'b']],
  ['a*b*c', 'acb', null],
  ['v1.5', 'v1x5', null],
  ['v1.*', 'v1x5', null],
  ['İ-*', 'İ-Xy', ['Xy']],
  ['*-Xy', 'İ-xY', ['İ']],
])('%s of %s: the stars stand for %j', (pattern, name, stars) => {
  expect(new ModelPattern(pattern).match(name)).toEqual(stars);
});

test.each([
  ['gpt-4o', [], 'gpt-4o'],
  ['google/*', ['gemini'], 'google/gemini'],
  ['*', ['GigaChat'], 'GigaChat'],
  ['*-*', ['a', 'b'], 'a-b'],
  ['x-*', ['$&'], 'x-$&'],
  ['x-*', ['*'], 'x-*'],
  ['x-*', [], 'x-*'],
])('%s with %j is %s', (pattern, stars, name) => {
  expect(new ModelPattern(pattern).fill(stars)).toBe(name);
});

test.each([
  ['gpt-4o', true, true, 6, 'gpt-4o'],
  ['GPT', true, true, 3, 'GPT'],
  ['*', false, false, 0, '*'],
  ['GPT-*', false, true, 4, 'gpt-*'],
  ['*-Mini', false, true, 5, '*-mini'],
  ['*gemini*', false, false, 6, '*gemini*'],
])('%s: exact %s, anchored %s, %i literal characters, same as %s', (text, ...expected) => {
  const { isExact, isAnchored, literalChars, key } = new ModelPattern(text);
  expect([isExact, isAnchored, literalChars, key]).toEqual(expected);
});

const letters = (all: string) =>
  fc.string({ unit: fc.constantFrom(...all.split('')), maxLength: 8 });

test('matches what the plain definition matches, and the stars put back give the name', () => {
  const isMatch = (pattern: string, name: string): boolean => {
    if (pattern === '') return name === '';
    if (pattern[0] !== '*') {
      return pattern[0] === name[0] && isMatch(pattern.slice(1), name.slice(1));
    }
    const tails = Array.from({ length: name.length + 1 }, (_, index) => name.slice(index));
    return tails.some((tail) => isMatch(pattern.slice(1), tail));
  };
  fc.assert(
    fc.property(letters('abAB*'), letters('abAB'), (text, name) => {
      const pattern = new ModelPattern(text);
      const stars = pattern.match(name);
      const isExpected = pattern.isExact
        ? text === name
        : isMatch(text.toLowerCase(), name.toLowerCase());
      expect(stars !== null).toBe(isExpected);
      if (stars === null) return;
      expect(stars).toHaveLength(text.split('*').length - 1);
      expect(pattern.fill(stars).toLowerCase()).toBe(name.toLowerCase());
      expect(stars.every((star) => name.includes(star))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
