import { expect, test } from '@jest/globals';
import { fileSchema } from '../../../src/config/file-schema.ts';
import { ModelMap } from '../../../src/pool/model-map.ts';
import { policyOf } from '../../../src/services/pool-policy-of.ts';

const NAMES = ['google', 'xai', 'gigachat', 'perplexity'];

/** What each of four credentials, one of each provider, is asked for in a pool of a preset. */
function mapOf(preset: string, discovered: Record<string, string[]> = {}): ModelMap {
  const credentials = NAMES.map((name) => ({ name, provider: name, api_key: 'k' }));
  const [pool] = fileSchema.parse({ pools: [{ name: 'main', preset, credentials }] }).pools;
  if (pool === undefined) throw new Error('there is one pool');
  const members = NAMES.map((name) => ({
    id: name,
    name,
    providerId: name,
    models: null,
    discovered: discovered[name] === undefined ? null : new Set(discovered[name]),
  }));
  return new ModelMap(policyOf(pool).models, members);
}

const asked = (map: ModelMap, model: string): string[] =>
  [...map.resolve(model)].map(([id, { upstream }]) => `${id} ${upstream}`);

const modelGateway = mapOf('model-gateway');

test.each([
  ['google/gemini-2.0-flash', 'google gemini-2.0-flash'],
  ['google/imagen-3.0-generate-002', 'google imagen-3.0-generate-002'],
  ['x-ai/grok-2-1212', 'xai grok-2-1212'],
  ['sber/GigaChat-2-Max', 'gigachat GigaChat-2-Max'],
  ['sber/GigaChat', 'gigachat GigaChat'],
  ['perplexity/sonar-pro', 'perplexity sonar-pro'],
  ['perplexity/r1-1776', 'perplexity r1-1776'],
  ['gemini-2.0-flash', 'google gemini-2.0-flash'],
  ['Grok-Beta', 'xai Grok-Beta'],
  ['GigaChat-Pro', 'gigachat GigaChat-Pro'],
  ['sonar-reasoning', 'perplexity sonar-reasoning'],
  ['r1-1776', 'perplexity r1-1776'],
])('the model gateway sends %s to %s', (model, target) => {
  expect(asked(modelGateway, model)).toEqual([target]);
});

test.each(['foo', 'openai/gpt-4o', 'r1'])('the model gateway knows no %s', (model) => {
  expect(asked(modelGateway, model)).toEqual([]);
});

test('the model gateway lists models under their prefixes', () => {
  const map = mapOf('model-gateway', {
    google: ['gemini-2.0-flash'],
    gigachat: ['GigaChat', 'GigaChat-2-Max'],
  });
  expect(map.list().map(({ id }) => id)).toEqual([
    'google/gemini-2.0-flash',
    'r1-1776',
    'sber/GigaChat',
    'sber/GigaChat-2-Max',
  ]);
});

test('in a Vercel pool a model thinks by its suffix, unless it is called so', () => {
  const map = mapOf('vercel-lb', { google: ['flash-thinking'], xai: ['grok'] });
  const thinking = map.resolve('grok-thinking').get('xai');
  expect(thinking).toMatchObject({
    upstream: 'grok',
    set: { reasoning: { effort: 'medium', enabled: true } },
  });
  expect(map.resolve('flash-thinking').get('google')).toMatchObject({
    upstream: 'flash-thinking',
    set: null,
  });
});

test('the auto router limits each model to fifty requests a minute', () => {
  expect(mapOf('auto-router').resolve('anything').get('xai')).toMatchObject({
    upstream: 'anything',
    rpm: 50,
    tpm: null,
  });
});
