import { describe, expect, test } from '@jest/globals';
import { countTokens } from '../../../../src/accounting/tokens/vocabulary.ts';
import { seededRandom } from '../../../../src/lib/random.ts';
import { growth } from '../../../support/fastest-of.ts';

// Counts that OpenAI shows: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
test.each([
  ['antidisestablishmentarianism', 6, 6],
  ['2 + 2 = 4', 7, 7],
  ['お誕生日おめでとう', 9, 8],
  ['tiktoken is great!', 6, 6],
])('%s has the tokens that it has at OpenAI', (text, older, newer) => {
  expect(countTokens('cl100k_base', [text])).toBe(older);
  expect(countTokens('o200k_base', [text])).toBe(newer);
});

test('each text is counted by itself', () => {
  expect(countTokens('o200k_base', ['hello', 'hello', ''])).toBe(2);
  expect(countTokens('o200k_base', [])).toBe(0);
});

test('what looks like a special token is text', () => {
  expect(countTokens('o200k_base', ['<|endoftext|>'])).toBeGreaterThan(1);
});

test('half a character counts, and harms nothing', () => {
  expect(countTokens('o200k_base', ['a\ud83d'])).toBeGreaterThan(1);
});

const textOf = (codes: Uint8Array): string => Buffer.from(codes).toString('latin1');

describe('the time is that of the length, whatever the text is', () => {
  /** As many times as long as its parts one after the other, if it grew with the square. */
  const PARTS = 25;
  const LIMIT = 5;
  const random = seededRandom(7);
  const letters = (size: number) =>
    textOf(Uint8Array.from({ length: size }, () => 97 + Math.floor(random() * 26)));

  test.each<[string, number, (size: number) => string]>([
    ['one letter', 300_000, (size) => 'a'.repeat(size)],
    ['random letters', 300_000, letters],
    ['blanks', 300_000, (size) => ' '.repeat(size)],
    ['line ends', 300_000, (size) => '\n'.repeat(size)],
    ['one sign of Chinese', 150_000, (size) => '气'.repeat(size)],
    ['emoji', 150_000, (size) => '👍🏽'.repeat(size / 4)],
  ])('%s', async (_name, size, make) => {
    const whole = [make(size)];
    const parts = Array.from({ length: PARTS }, () => make(size / PARTS));
    const grown = growth(
      LIMIT,
      () => countTokens('o200k_base', parts),
      () => countTokens('o200k_base', whole),
    );
    expect(await grown).toBeLessThan(LIMIT);
  });
});
