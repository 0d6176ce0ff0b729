import { expect, test } from '@jest/globals';
import { estimateInput, estimateText, tokensOf } from '../../../src/accounting/estimate.ts';
import { noUsage } from '../../../src/entities/usage.ts';

test.each([
  [0, 0],
  [1, 1],
  [4, 1],
  [5, 2],
  [400, 100],
])('%i bytes are taken for %i tokens', (bytes, tokens) => {
  expect(tokensOf(bytes)).toBe(tokens);
});

test.each([
  ['no cap', {}, 1024],
  ['max_tokens', { max_tokens: 50 }, 50],
  ['max_completion_tokens', { max_completion_tokens: 60 }, 60],
  ['max_output_tokens', { max_output_tokens: 70 }, 70],
  ['the newer of two names', { max_tokens: 50, max_completion_tokens: 60 }, 60],
  ['several choices', { max_tokens: 50, n: 3 }, 150],
  ['choices without a cap', { n: 2 }, 2048],
  ['a cap that is null', { max_tokens: null }, 1024],
  ['an absurd cap', { max_tokens: 1e9, n: 100 }, 1e9],
])('output by %s', (_name, fields, output) => {
  expect(estimateText(41, fields)).toEqual({ ...noUsage(), input: 11, output });
});

test('a call without text output is its input', () => {
  expect(estimateInput(41)).toEqual({ ...noUsage(), input: 11 });
});
