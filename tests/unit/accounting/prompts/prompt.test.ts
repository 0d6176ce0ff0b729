import { expect, test } from '@jest/globals';
import { plainPrompt, rerankPrompt } from '../../../../src/accounting/prompts/prompt.ts';

test.each<[string, unknown, texts: string[], tokens: number]>([
  ['a text', 'a', ['a'], 0],
  ['several', ['a', '', 'b'], ['a', 'b'], 0],
  ['objects with a text', [{ text: 'a' }, { image: 'x' }], ['a'], 0],
  ['tokens', [1, 2, 3], [], 3],
  ['lists of tokens', [[1, 2], [3]], [], 3],
  ['nothing', undefined, [], 0],
  ['what is no text', [null, true, {}], [], 0],
])('of %s its texts and its tokens count', (_name, input, texts, tokens) => {
  expect(plainPrompt(input)).toMatchObject({ texts, tokens, audioTokens: 0 });
});

test.each<[string, Record<string, unknown>, texts: string[]]>([
  ['texts', { query: 'q', documents: ['a', 'b'] }, ['q', 'a', 'q', 'b']],
  ['objects', { query: 'q', documents: [{ text: 'a' }, { other: 'b' }] }, ['q', 'a', 'q']],
  ['none', { query: 'q' }, []],
  ['what are none', { query: 7, documents: 'a' }, []],
])('a reranked document is read with its query: %s', (_name, fields, texts) => {
  expect(rerankPrompt(fields)).toMatchObject({ texts, tokens: 0 });
});
