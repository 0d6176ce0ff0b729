import { expect, test } from '@jest/globals';
import type { Gateway } from '../../support/gateway.ts';
import { openaiOf } from '../../support/openai-client.ts';
import { complete, errorOf, received, servers, startFleet, startProvider } from './fixture.ts';
import { startGateway } from '../../support/gateway.ts';

const get = (gateway: Gateway, path: string) => gateway.fetch(path, { method: 'GET' });

async function idsOf(gateway: Gateway): Promise<string[]> {
  const { data } = await openaiOf(gateway).models.list();
  return data.map(({ id }) => id);
}

test('the list is a sorted union without duplicates, in OpenAI’s shape', async () => {
  const gateway = await startFleet({
    members: [
      { offers: ['gpt-4o-mini', 'tts-1', 'gpt-4o'] },
      { offers: ['openai/gpt-4o', 'gpt-4o', 'gpt-4.1-nano'] },
    ],
  });
  const response = await get(gateway, '/v1/models');
  expect(response.status).toBe(200);
  const { object, data } = (await response.json()) as { object: string; data: object[] };
  expect(object).toBe('list');
  expect(data.map((model) => (model as { id: string }).id)).toEqual([
    'gpt-4.1-nano',
    'gpt-4o',
    'gpt-4o-mini',
    'openai/gpt-4o',
    'tts-1',
  ]);
  for (const model of data) {
    expect(model).toEqual({
      id: expect.any(String),
      object: 'model',
      created: expect.any(Number),
      owned_by: expect.stringMatching(/./),
    });
  }
  expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(401);
  expect(received(gateway)).toEqual([]);
  expect(await gateway.records()).toEqual([]);
});

test('rules, allow-lists, aliases and prefixes: what is listed can be called, and nothing else', async () => {
  const gateway = await startFleet({
    pool: {
      models: [
        { name: 'fast', upstream: 'gpt-4o-mini' },
        { name: 'none-has-it', upstream: 'claude-9' },
        { name: 'gpt-4o', credentials: [] },
        { name: 'house/*', upstream: '*', credentials: ['cred-2'], list: true },
      ],
    },
    members: [
      { offers: ['gpt-4o-mini', 'gpt-4o', 'tts-1'], fields: { models: ['gpt-*'] } },
      { offers: ['gpt-4.1-nano', 'gpt-4o'] },
    ],
  });
  // The forbidden name is not shown; what it stands for can be had under a prefix.
  expect(await idsOf(gateway)).toEqual([
    'fast',
    'gpt-4o-mini',
    'house/gpt-4.1-nano',
    'house/gpt-4o',
  ]);
  for (const [model, server] of [
    ['fast', 'cred-1'],
    ['gpt-4o-mini', 'cred-1'],
    ['house/gpt-4.1-nano', 'cred-2'],
    ['house/gpt-4o', 'cred-2'],
  ] as const) {
    const { usage } = await openaiOf(gateway).chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'Hello' }],
    });
    expect(usage?.total_tokens).toBeGreaterThan(0);
    expect(servers(gateway).at(-1)).toBe(server);
  }
  expect(received(gateway).map(({ model }) => model)).toEqual([
    'gpt-4o-mini',
    'gpt-4o-mini',
    'gpt-4.1-nano',
    'gpt-4o',
  ]);
  for (const model of ['gpt-4o', 'none-has-it', 'tts-1', 'house/gpt-4o-mini']) {
    expect((await gateway.chat({ model })).status).toBe(404);
  }
});

test('one model is shown by its id, also by an id of two segments', async () => {
  const gateway = await startFleet({
    pool: {
      models: [
        { name: 'house/*', upstream: '*', list: true },
        { name: 'fast', upstream: 'gpt-4o' },
      ],
    },
    members: [{ offers: ['gpt-4o', 'tts-1'] }],
  });
  for (const id of ['fast', 'house/gpt-4o', 'house/tts-1']) {
    const response = await get(gateway, `/v1/models/${id}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id, object: 'model' });
    // The SDK writes the slash as %2F.
    expect(await openaiOf(gateway).models.retrieve(id)).toMatchObject({ id });
  }
  const unknown = await get(gateway, '/v1/models/house/gpt-9');
  expect(unknown.status).toBe(404);
  expect(await errorOf(unknown)).toMatchObject({ code: 'model_not_found', param: 'model' });
  expect(received(gateway)).toEqual([]);
});

test('a provider that cannot tell its models leaves the list to be asked for upstream', async () => {
  const gateway = await startFleet({
    members: [{ offers: ['gpt-4o'] }],
    prepare: ({ faults }) =>
      faults.set('cred-1', 'status;code=500', { path: '/v1/models', times: 1 }),
  });
  expect(await idsOf(gateway)).toEqual(['gpt-4o']);
  expect((await gateway.records()).map(({ endpoint }) => endpoint)).toEqual(['models.list']);
});

test('system C’s prefixes are shown for what its providers list, and lead there without them', async () => {
  const google = await startProvider(['models/gemini-2.5-pro', 'models/embedding-001'], complete);
  const xai = await startProvider(['grok-4'], complete);
  const gateway = await startGateway({
    pool: {
      preset: 'model-gateway',
      strategy: 'selected_then_rotate',
      credentials: [
        { name: 'gemini', provider: 'google', api_key: 'AIza-one', base_url: google.baseUrl },
        { name: 'grok', provider: 'xai', api_key: 'xai-one', base_url: xai.baseUrl },
        {
          name: 'sonar',
          provider: 'perplexity',
          api_key: 'pplx-one',
          base_url: xai.baseUrl,
          models: ['sonar-pro'],
        },
      ],
    },
  });
  expect(await idsOf(gateway)).toEqual([
    'google/embedding-001',
    'google/gemini-2.5-pro',
    'perplexity/sonar-pro',
    'x-ai/grok-4',
  ]);
  for (const id of [
    'google/gemini-2.5-pro',
    'x-ai/grok-4',
    'perplexity/sonar-pro',
    'gemini-2.5-pro',
  ]) {
    expect((await gateway.chat({ model: id })).status).toBe(200);
  }
  const asked = [...google.seen, ...xai.seen].map(({ path, headers, body }) => [
    path,
    headers.authorization,
    (JSON.parse(body) as { model: string }).model,
  ]);
  expect(asked).toEqual([
    ['/chat/completions', 'Bearer AIza-one', 'gemini-2.5-pro'],
    ['/chat/completions', 'Bearer AIza-one', 'gemini-2.5-pro'],
    ['/v1/chat/completions', 'Bearer xai-one', 'grok-4'],
    ['/chat/completions', 'Bearer pplx-one', 'sonar-pro'],
  ]);
  // Neither is asked of a provider that only happens to be there (contracts C4.9).
  for (const model of ['foo', 'gpt-4o', 'google/grok-4', 'sber/GigaChat-2']) {
    const refused = await gateway.chat({ model });
    expect(refused.status).toBe(404);
    expect(await errorOf(refused)).toMatchObject({ code: 'model_not_found' });
  }
  expect(google.seen.length + xai.seen.length).toBe(4);
});
