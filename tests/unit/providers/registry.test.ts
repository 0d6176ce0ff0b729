import { describe, expect, test } from '@jest/globals';
import { catalogueMatchers, catalogueRows } from '../../../src/accounting/prices/catalogue.ts';
import { PriceBook } from '../../../src/accounting/prices/price-book.ts';
import type { UpstreamKind } from '../../../src/pool/upstream-kind.ts';
import { providers } from '../../../src/providers/index.ts';
import { splitBaseUrl } from '../../../src/providers/provider.ts';
import type { Provider } from '../../../src/providers/provider.ts';

const NOW = Date.parse('2026-11-01T00:00:00Z');

const named = (id: string): Provider => {
  const provider = providers.get(id);
  if (provider === undefined) throw new Error(`no provider is called ${id}`);
  return provider;
};

/** As the data plane puts a call's address together. */
function urlOf(id: string, path: string): string {
  const { baseUrl = '', pathOf = (same: string) => same } = named(id);
  const { origin, prefix } = splitBaseUrl(baseUrl);
  return origin + prefix + pathOf(path);
}

test('the pool can work with every provider', () => {
  const kinds: ReadonlyMap<string, UpstreamKind> = providers;
  expect([...kinds.keys()]).toEqual([
    'gigachat',
    'google',
    'openai',
    'openai-compatible',
    'perplexity',
    'sandbox',
    'vercel',
    'xai',
  ]);
});

test.each([
  ['openai', '/v1/chat/completions', 'https://api.openai.com/v1/chat/completions'],
  ['vercel', '/v1/chat/completions', 'https://ai-gateway.vercel.sh/v1/chat/completions'],
  ['xai', '/v1/chat/completions', 'https://api.x.ai/v1/chat/completions'],
  [
    'google',
    '/v1/chat/completions',
    'https://generativelanguage.googleapis.com/v1beta/openai/chat/completions',
  ],
  ['google', '/v1/models', 'https://generativelanguage.googleapis.com/v1beta/openai/models'],
  [
    'google',
    '/v1/models/gemini-2.5-pro',
    'https://generativelanguage.googleapis.com/v1beta/openai/models/gemini-2.5-pro',
  ],
  [
    'google',
    '/v1/files/v1/x',
    'https://generativelanguage.googleapis.com/v1beta/openai/files/v1/x',
  ],
  [
    'gigachat',
    '/v1/chat/completions',
    'https://gigachat.devices.sberbank.ru/api/v1/chat/completions',
  ],
  ['perplexity', '/v1/chat/completions', 'https://api.perplexity.ai/chat/completions'],
  ['perplexity', '/v1/search', 'https://api.perplexity.ai/search'],
  ['perplexity', '/v1/responses', 'https://api.perplexity.ai/v1/responses'],
  ['perplexity', '/v1/embeddings', 'https://api.perplexity.ai/v1/embeddings'],
  ['perplexity', '/v1/agent/resp_0', 'https://api.perplexity.ai/v1/agent/resp_0'],
  ['vercel', '/v1/credits', 'https://ai-gateway.vercel.sh/v1/credits'],
])('%s is asked for %s at %s', (id, path, url) => {
  expect(urlOf(id, path)).toBe(url);
});

test.each([
  ['google', undefined, undefined],
  ['perplexity', null, '/v1/agent/resp_0'],
  ['vercel', undefined, '/v1/credits'],
  ['sandbox', undefined, '/v1/credits'],
  ['xai', undefined, undefined],
  ['gigachat', undefined, undefined],
])('%s lists models at %s and shows at %s whether a key works', (id, modelsPath, probePath) => {
  expect(named(id).modelsPath).toBe(modelsPath);
  expect(named(id).probePath).toBe(probePath);
});

test.each([
  ['google', 'x-google-api-key'],
  ['xai', 'x-xai-api-key'],
  ['gigachat', 'x-gigachat-api-key'],
  ['perplexity', 'x-perplexity-api-key'],
])('a caller brings a key for %s in %s', (id, header) => {
  expect(named(id).callerHeader).toBe(header);
});

test('no two providers take the same header', () => {
  const headers = [...providers.values()].flatMap(({ callerHeader }) => callerHeader ?? []);
  expect(headers).toHaveLength(4);
  expect(new Set(headers).size).toBe(4);
});

test.each([...providers.keys()])('%s carries its secret as a bearer token only', (id) => {
  expect(named(id).authorize('s3cret')).toEqual({ authorization: 'Bearer s3cret' });
});

describe('prices', () => {
  const book = new PriceBook(catalogueRows(), catalogueMatchers());

  test.each([
    ['google', 'gemini-2.5-flash', 'google', 'gemini-2.5-flash'],
    ['google', 'models/gemini-2.5-flash', 'google', 'gemini-2.5-flash'],
    ['xai', 'grok-4-latest', 'x-ai', 'grok-4-0709'],
    ['perplexity', 'sonar-pro', 'perplexity', 'sonar-pro'],
  ])('%s: %s is on the list of %s as %s', (id, asked, provider, model) => {
    const key = named(id).priceKey(asked);
    expect(book.find(key.provider, key.model, NOW)).toMatchObject({ provider, model });
  });

  test.each([
    ['gigachat', 'GigaChat-Pro'],
    // Sold by Perplexity at prices that the catalogue does not know.
    ['perplexity', 'openai/gpt-5.4'],
  ])('%s: %s is on no list and needs a configured price', (id, asked) => {
    const key = named(id).priceKey(asked);
    expect(book.find(key.provider, key.model, NOW)).toBeUndefined();
  });
});

test.each([
  ['models/gemini-2.5-pro', 'gemini-2.5-pro'],
  ['gemini-2.5-pro', 'gemini-2.5-pro'],
  ['tunedModels/models/mine', 'tunedModels/models/mine'],
])('google lists %s, calls say %s', (listed, said) => {
  expect(named('google').modelOf?.(listed)).toBe(said);
});
