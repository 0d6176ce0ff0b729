import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { arrivals } from './fixture.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const idOf = (response: Response): string => response.headers.get('x-request-id') ?? '';

const fault = (text: string) => (gateway: Gateway) => gateway.chat({}, { 'x-sandbox-fault': text });

const ACCEPTED: [string, (gateway: Gateway) => Promise<Response>, number][] = [
  ['a served call', (gateway) => gateway.chat(), 200],
  ['a stream', (gateway) => gateway.chat({ stream: true }), 200],
  ['a refusal of the upstream', fault('status;code=422'), 422],
  ['an upstream that fails', fault('status;code=500'), 502],
  ['an upstream without quota', fault('insufficient-quota'), 503],
  ['a lost connection', fault('close-before-head'), 502],
];

test.each(ACCEPTED)(
  '%s: one id for client, upstream, record and log',
  async (_name, call, status) => {
    const gateway = await startGateway();
    const response = await call(gateway);
    await response.arrayBuffer();
    expect(response.status).toBe(status);
    const id = idOf(response);
    expect(id).toMatch(UUID_V7);
    const records = await gateway.records();
    expect(records.map((record) => [record.id, record.status])).toEqual([[id, status]]);
    for (const entry of arrivals(gateway)) expect(entry.requestId).toBe(id);
    expect(gateway.logs()).toContain(id);
  },
);

const REFUSED: [string, (gateway: Gateway) => Promise<Response>, number][] = [
  ['no key', (gateway) => gateway.chat({}, { authorization: 'Bearer sk-tg-unknown' }), 401],
  ['broken JSON', (gateway) => gateway.fetch('/v1/chat/completions', { body: '{' }), 400],
  ['an unknown path', (gateway) => gateway.fetch('/v1/nothing', { body: {} }), 404],
  ['a path outside /v1', (gateway) => gateway.fetch('/nothing', { method: 'GET' }), 404],
  ['a health check', (gateway) => gateway.fetch('/health', { method: 'GET' }), 200],
];

test.each(REFUSED)('%s: an id, and no record', async (_name, call, status) => {
  const gateway = await startGateway();
  const response = await call(gateway);
  expect(response.status).toBe(status);
  expect(idOf(response)).toMatch(UUID_V7);
  expect(await gateway.records()).toEqual([]);
});

test('the id is ours: a client cannot choose it', async () => {
  const gateway = await startGateway();
  const response = await gateway.chat({}, { 'x-request-id': 'chosen' });
  expect(idOf(response)).toMatch(UUID_V7);
  expect(arrivals(gateway)[0]?.requestId).toBe(idOf(response));
});
