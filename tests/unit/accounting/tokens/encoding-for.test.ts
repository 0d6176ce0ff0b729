import { expect, test } from '@jest/globals';
import { encodingFor } from '../../../../src/accounting/tokens/encoding-for.ts';

test.each([
  'gpt-4',
  'gpt-4-0613',
  'gpt-4-turbo',
  'gpt-4-32k',
  'gpt-3.5-turbo',
  'gpt-35-turbo',
  'ft:gpt-3.5-turbo:acme',
  'openai/gpt-4-turbo',
  'openrouter/openai/GPT-4',
  'text-embedding-3-small',
  'text-embedding-ada-002',
  'davinci-002',
])('%s counts as older models do', (model) => {
  expect(encodingFor(model)).toBe('cl100k_base');
});

test.each([
  'gpt-4o',
  'gpt-4o-mini',
  'ft:gpt-4o-mini:acme',
  'gpt-4.1-nano',
  'gpt-4.5-preview',
  'gpt-5',
  'chatgpt-4o-latest',
  'o3',
  'claude-sonnet-4-5',
  'google/gemini-2.5-pro',
  'my-gpt-4',
  '',
])('%s counts as the newest do', (model) => {
  expect(encodingFor(model)).toBe('o200k_base');
});
