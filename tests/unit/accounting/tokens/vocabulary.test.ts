import { describe, expect, test } from '@jest/globals';
import { countTokens } from '../../../../src/accounting/tokens/vocabulary.ts';
import { seededRandom } from '../../../../src/lib/random.ts';

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

function msOf(texts: readonly string[]): number {
  const startMs = performance.now();
  countTokens('o200k_base', texts);
  return performance.now() - startMs;
}

/** How much longer one text takes than its tenth ten times; the best of some rounds, as others use the machine. */
function slowdown(make: (size: number) => string, size: number): number {
  const whole = [make(size)];
  const tenths = Array.from({ length: 10 }, () => make(size / 10));
  msOf(['warm']);
  const rounds = Array.from({ length: 2 }, () => [msOf(tenths), msOf(whole)] as const);
  const [tenthsMs = 0, wholeMs = 0] = [0, 1].map((at) =>
    Math.min(...rounds.map((round) => round[at] ?? 0)),
  );
  return wholeMs / tenthsMs;
}

describe('the time is that of the length, whatever the text is', () => {
  const random = seededRandom(7);
  const letters = (size: number) =>
    textOf(Uint8Array.from({ length: size }, () => 97 + Math.floor(random() * 26)));

  test.each<[string, number, (size: number) => string]>([
    ['5 MB of one letter', 5_000_000, (size) => 'a'.repeat(size)],
    ['5 MB of random letters', 5_000_000, letters],
    ['blanks', 1_000_000, (size) => ' '.repeat(size)],
    ['line ends', 1_000_000, (size) => '\n'.repeat(size)],
    ['one sign of Chinese', 400_000, (size) => '气'.repeat(size)],
    ['emoji', 400_000, (size) => '👍🏽'.repeat(size / 4)],
  ])(
    '%s',
    (_name, size, make) => {
      // Ten times, if it grew with the square.
      expect(slowdown(make, size)).toBeLessThan(3);
    },
    60_000,
  );
});
