import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { complete, startProvider } from './fixture.ts';

/** System A's pool (contracts A5.7) at a provider that lists these models. */
async function startThinking(models: readonly string[]) {
  const provider = await startProvider(models, complete);
  const credentials = [
    { name: 'one', provider: 'vercel', api_key: 'vck-one', base_url: provider.baseUrl },
  ];
  const gateway = await startGateway({
    pool: { preset: 'vercel-lb', strategy: 'balance_weighted', credentials },
  });
  const sent = () => provider.seen.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  return { gateway, provider, sent };
}

test('the upstream sees the model without its suffix, and a reasoning object', async () => {
  const { gateway, provider, sent } = await startThinking(['openai/o4-mini']);
  const response = await gateway.chat({ model: 'openai/o4-mini-thinking' });
  expect(response.status).toBe(200);
  expect(sent()).toEqual([
    {
      model: 'openai/o4-mini',
      reasoning: { effort: 'medium', enabled: true },
      messages: [{ role: 'user', content: 'Hello' }],
    },
  ]);
  // At its beginning; behind it, the client's own bytes.
  expect(provider.seen[0]?.body).toBe(
    '{"reasoning":{"effort":"medium","enabled":true},' +
      '"model":"openai/o4-mini","messages":[{"role":"user","content":"Hello"}]}',
  );
  const [record] = await gateway.records();
  expect(record?.model).toBe('openai/o4-mini-thinking');
  expect(record?.attempts[0]?.model).toBe('openai/o4-mini');
});

test('a reasoning object of the client’s own gives way to that of the suffix', async () => {
  const { gateway, sent } = await startThinking(['openai/o4-mini']);
  await gateway.chat({ model: 'openai/o4-mini-thinking', reasoning: { effort: 'low' } });
  expect(sent()[0]?.['reasoning']).toEqual({ effort: 'medium', enabled: true });
});

test('without the suffix nothing is added', async () => {
  const { gateway, sent } = await startThinking(['openai/o4-mini']);
  await gateway.chat({ model: 'openai/o4-mini' });
  expect(sent()[0]).not.toHaveProperty('reasoning');
});

test('a model that is really called so is asked for as it is', async () => {
  const { gateway, provider } = await startThinking([
    'google/gemini-2.0-flash-thinking',
    'google/gemini-2.0-flash',
  ]);
  await gateway.chat({ model: 'google/gemini-2.0-flash-thinking' });
  expect(provider.seen[0]?.body).toBe(
    '{"model":"google/gemini-2.0-flash-thinking","messages":[{"role":"user","content":"Hello"}]}',
  );
  const [record] = await gateway.records();
  expect(record?.attempts[0]).not.toHaveProperty('model');
});

test('a suffix behind a model that nobody has is a 404', async () => {
  const { gateway, sent } = await startThinking(['openai/o4-mini']);
  expect((await gateway.chat({ model: 'openai/o9-thinking' })).status).toBe(404);
  expect((await gateway.chat({ model: '-thinking' })).status).toBe(404);
  expect(sent()).toEqual([]);
});

test('another pool knows of no suffix', async () => {
  const provider = await startProvider(['o4-mini'], complete);
  const credentials = [
    { name: 'one', provider: 'openai-compatible', api_key: 'sk-one', base_url: provider.baseUrl },
  ];
  const gateway = await startGateway({ pool: { credentials } });
  expect((await gateway.chat({ model: 'o4-mini-thinking' })).status).toBe(404);
  expect(provider.seen).toEqual([]);
});
