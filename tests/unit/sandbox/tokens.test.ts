import { describe, expect, test } from '@jest/globals';
import {
  completionUsage,
  countMessage,
  countTokens,
  unitsOf,
} from '../../../src/sandbox/tokens.ts';

describe('countTokens takes four bytes for a token, rounded up', () => {
  test.each([
    ['', 0],
    ['a', 1],
    ['abcd', 1],
    ['abcde', 2],
    ['äöü', 2],
    ['🙂', 1],
  ])('%j has %i', (text, tokens) => {
    expect(countTokens(text)).toBe(tokens);
  });
});

test('a message costs three more, and 85 for each part that is not text', () => {
  expect(countMessage('abcd', 2)).toBe(3 + 1 + 170);
});

describe('unitsOf applies wishes', () => {
  test.each([
    [{}, { input: 10, output: 5, cached: 0, reasoning: 0 }],
    [{ cached: 4 }, { input: 10, cached: 4 }],
    [
      { cached: 12, cacheWrite: 3 },
      { input: 15, cached: 12, cacheWrite: 3 },
    ],
    [{ reasoning: 30 }, { output: 35, reasoning: 30 }],
    [
      { prompt: 1, completion: 2 },
      { input: 1, output: 2 },
    ],
  ])('%j', (wish, expected) => {
    expect(unitsOf(10, 5, wish)).toMatchObject(expected);
  });
});

test('totals of the usage add up', () => {
  expect(completionUsage(unitsOf(10, 5, { reasoning: 2 }))).toMatchObject({
    prompt_tokens: 10,
    completion_tokens: 7,
    total_tokens: 17,
  });
});
