import { expect, test } from '@jest/globals';
import { usdFromNano } from '../../../src/lib/money.ts';
import { startGateway } from '../../support/gateway.ts';
import { openaiOf } from '../../support/openai-client.ts';
import { poolAt, startUpstream } from './fixture.ts';

const COST = 'x-tollgate-cost';
const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };

test.each([
  ['/v1/chat/completions', HELLO],
  ['/v1/responses', { model: 'gpt-4o-mini', input: 'Hello' }],
  ['/v1/embeddings', { model: 'text-embedding-3-small', input: 'Hello' }],
])('a whole answer of %s tells what its record says', async (path, body) => {
  const gateway = await startGateway();
  const response = await gateway.fetch(path, { body });
  expect(response.status).toBe(200);
  const [record] = await gateway.records();
  if (record === undefined) throw new Error('A call has its record.');
  expect(record.costNano).toBeGreaterThan(0n);
  expect(response.headers.get(COST)).toBe(usdFromNano(record.costNano));
});

test('the SDK reads it, also of an answer that is given again', async () => {
  const gateway = await startGateway();
  const options = { headers: { 'idempotency-key': 'order-1' } };
  const ask = () => openaiOf(gateway).chat.completions.create(HELLO, options).withResponse();
  const first = (await ask()).response.headers.get(COST);
  expect(Number(first)).toBeGreaterThan(0);
  // As its request id, it is that of the record, of which there is one.
  expect((await ask()).response.headers.get(COST)).toBe(first);
  expect((await gateway.records()).map(({ costNano }) => usdFromNano(costNano))).toEqual([first]);
});

test('a stream, whose cost is known behind it, tells none', async () => {
  const gateway = await startGateway();
  const stream = await gateway.chat({ stream: true });
  expect([stream.status, stream.headers.get(COST)]).toEqual([200, null]);
  expect(await stream.text()).toContain('[DONE]');
  const [record] = await gateway.records();
  expect(record?.costNano).toBeGreaterThan(0n);
});

test('nor does a call whose price nobody knows, rather than that it was free', async () => {
  const answer = { choices: [{ message: { content: 'x' } }], usage: { completion_tokens: 1 } };
  const upstream = await startUpstream((response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
  const response = await gateway.chat({ model: 'made-at-home' });
  expect([response.status, response.headers.get(COST)]).toEqual([200, null]);
  expect(await gateway.records()).toMatchObject([{ isPriced: false, costNano: 0n }]);
});

test('what is free, and an error that the upstream made, cost nothing', async () => {
  const gateway = await startGateway();
  const refused = await gateway.chat({}, { 'x-sandbox-fault': 'status;code=422' });
  expect([refused.status, refused.headers.get(COST)]).toEqual([422, '0.00']);
  const moderated = await gateway.fetch('/v1/moderations', { body: { input: 'Hello' } });
  expect([moderated.status, moderated.headers.get(COST)]).toEqual([200, '0.00']);
  expect((await gateway.records()).map(({ costNano }) => costNano)).toEqual([0n, 0n]);
});
