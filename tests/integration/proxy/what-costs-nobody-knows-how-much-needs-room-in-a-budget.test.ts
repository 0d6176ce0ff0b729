import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { poolAt, startUpstream } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const BATCH = {
  input_file_id: 'file-1',
  endpoint: '/v1/chat/completions',
  completion_window: '24h',
};
const batch = (gateway: Gateway) => gateway.fetch('/v1/batches', { body: BATCH });
const nothing = (gateway: Gateway) =>
  gateway.space.budgets.set(CLI, { scope: 'key', subject: gateway.keyId, cap: '0' });

test('where nothing is left neither a batch nor a model without a price is served', async () => {
  const upstream = await startUpstream((response) => response.end('{}'));
  const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
  await nothing(gateway);
  expect((await batch(gateway)).status).toBe(402);
  expect((await gateway.chat({ model: 'nobody-knows-the-price' })).status).toBe(402);
  expect(upstream.bodies).toEqual([]);
  // What is free needs no room.
  expect((await gateway.fetch('/v1/files', { method: 'GET' })).status).toBe(200);
});

test('a pool that serves nothing unpriced serves no batches', async () => {
  const gateway = await startGateway({ pool: { unpriced: 'refuse' } });
  const response = await batch(gateway);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { code: 'model_not_priced', message: expect.stringContaining('batches.create') },
  });
});

test('a response that goes on in the background is charged at its hold', async () => {
  const upstream = await startUpstream((response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ id: 'resp_1', object: 'response', status: 'queued', usage: null }),
    );
  });
  const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
  const body = { model: 'gpt-4o-mini', input: 'Hello', background: true };
  expect((await gateway.fetch('/v1/responses', { body })).status).toBe(200);
  const [record] = await gateway.records();
  expect(record?.costNano).toBe(record?.holdNano);
  expect(record?.costNano).toBeGreaterThan(0n);
  expect(record?.attempts.at(-1)?.anomalies).toContain('unfinished');
});
