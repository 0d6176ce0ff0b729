import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { poolAt, startUpstream, until } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const strict = (gateway: Gateway, cap: string) =>
  gateway.space.budgets.set(CLI, {
    scope: 'key',
    subject: gateway.keyId,
    cap,
    isStrict: true,
  });

const ANSWER = {
  id: 'c',
  object: 'chat.completion',
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
};

/** A pool on an upstream that answers with this usage. */
async function gatewayTelling(usage: object | null) {
  const upstream = await startUpstream((response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ ...ANSWER, usage }));
  });
  const gateway = await startGateway({
    pool: { ...poolAt(upstream.baseUrl), unpriced: 'record' },
    file: {
      prices: [{ provider: 'openai-compatible', model: 'gpt-4o-mini', input: 0.15, output: 0.6 }],
    },
  });
  const bodies = () =>
    upstream.bodies.map((body) => JSON.parse(body.toString()) as Record<string, unknown>);
  return { gateway, bodies };
}

const TOLD = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

test('a call without a cap of its own is given one, and its bill stays below its hold', async () => {
  const { gateway, bodies } = await gatewayTelling(TOLD);
  await strict(gateway, '1');
  expect((await gateway.chat()).status).toBe(200);
  expect(bodies()).toMatchObject([{ max_tokens: 4096 }]);
  const [record] = await gateway.records();
  expect(record?.holdNano).toBeGreaterThan(4096n * 600n);
  expect(record?.costNano).toBeLessThan(record?.holdNano ?? 0n);
});

test('a cap that the upstream does not know is told again under a name that it knows', async () => {
  const { gateway, bodies } = await gatewayTelling(TOLD);
  await strict(gateway, '1');
  expect((await gateway.chat({ max_completion_tokens: 50 })).status).toBe(200);
  expect((await gateway.chat({ max_tokens: 60 })).status).toBe(200);
  expect(bodies()).toMatchObject([
    { max_completion_tokens: 50, max_tokens: 50 },
    { max_tokens: 60 },
  ]);
  const holds = (await gateway.records()).map(({ holdNano }) => holdNano);
  expect((holds[1] ?? 0n) - (holds[0] ?? 0n)).toBeGreaterThan(0n);
});

test('without a strict budget the very bytes go upstream', async () => {
  const { gateway, bodies } = await gatewayTelling(TOLD);
  await gateway.space.budgets.set(CLI, { scope: 'key', subject: gateway.keyId, cap: '1' });
  expect((await gateway.chat()).status).toBe(200);
  expect(bodies()[0]).not.toHaveProperty('max_tokens');
});

test('what has no upper bound is refused, with every field at fault, and nothing is taken', async () => {
  const { gateway, bodies } = await gatewayTelling(TOLD);
  const { budget } = await strict(gateway, '1');
  const response = await gateway.chat({
    web_search_options: {},
    tools: [{ type: 'web_search' }],
  });
  expect(response.status).toBe(400);
  const { error } = (await response.json()) as { error: { message: string; code: string } };
  expect(error.code).toBe('invalid_request');
  expect(error.message).toMatch(/`web_search_options` .*`tools` /);
  const unpriced = await gateway.chat({ model: 'nobody-knows' });
  expect(unpriced.status).toBe(400);
  expect(await unpriced.json()).toMatchObject({ error: { code: 'model_not_priced' } });
  const batch = await gateway.fetch('/v1/batches', { body: { input_file_id: 'f' } });
  expect(batch.status).toBe(400);
  expect(bodies()).toEqual([]);
  expect(await gateway.records()).toEqual([]);
  expect(await gateway.space.budgets.explain(CLI, budget.id)).toMatchObject({
    holds: [],
    settledNano: 0n,
  });
});

test('a cap that the most would pass refuses what an estimate would let through', async () => {
  const { gateway } = await gatewayTelling(TOLD);
  const { budget } = await strict(gateway, '0.001');
  expect((await gateway.chat()).status).toBe(402);
  await gateway.space.budgets.update(CLI, budget.id, { isStrict: false });
  expect((await gateway.chat()).status).toBe(200);
});

test('a provider that bills more than the most is charged as told, and the key is switched off', async () => {
  const told = { prompt_tokens: 10, completion_tokens: 90_000, total_tokens: 90_010 };
  const { gateway } = await gatewayTelling(told);
  await strict(gateway, '1');
  expect((await gateway.chat()).status).toBe(200);
  await until(async () => (await gateway.chat()).status === 401);
  const [record] = await gateway.records();
  expect(record?.costNano).toBe(10n * 150n + 90_000n * 600n);
  expect(record?.attempts.at(-1)?.anomalies).toContain('overrun');
  const [event] = await gateway.events('virtual_key.overrun');
  expect(event).toMatchObject({
    subject: gateway.keyId,
    actor: 'system',
    requestId: record?.id,
    after: { isActive: false, cost: '0.0540015' },
  });
});

test('a stream that breaks off costs its hold: its provider may bill what nobody saw', async () => {
  const gateway = await startGateway();
  await strict(gateway, '1');
  const fault = { 'x-sandbox-fault': 'cut-after-bytes;n=600' };
  await (await gateway.chat({ stream: true }, fault)).text().catch(() => '');
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'partial' });
  expect(record?.costNano).toBe(record?.holdNano);
});

test('a count of our own is never beyond the hold, and no reason to switch a key off', async () => {
  const { gateway } = await gatewayTelling(null);
  await strict(gateway, '1');
  const values = Array.from({ length: 5000 }, (_, at) => at);
  const parameters = { type: 'object', properties: { a: { type: 'number', enum: values } } };
  const tools = [{ type: 'function', function: { name: 'f', parameters } }];
  expect((await gateway.chat({ tools })).status).toBe(200);
  const [record] = await gateway.records();
  expect(record).toMatchObject({ usageSource: 'counted' });
  expect(record?.costNano).toBeLessThanOrEqual(record?.holdNano ?? 0n);
  expect((await gateway.chat()).status).toBe(200);
});
