import { expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { untilInFlight } from '../catalogue/fixture-clients.ts';
import { isFinished, until } from '../proxy/fixture.ts';
import { errorOf, received, times } from './fixture.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const KEY = 'order-66';
const KEYED = { 'idempotency-key': KEY };

interface Told {
  status: number;
  text: string;
  id: string | null;
  isReplayed: boolean;
}

async function told(answered: Promise<Response>): Promise<Told> {
  const response = await answered;
  const { status, headers } = response;
  return {
    status,
    text: await response.text(),
    id: headers.get('x-request-id'),
    isReplayed: headers.get('idempotent-replayed') === 'true',
  };
}

/** What the fleet took for all calls so far. */
const charged = ({ sandbox }: Gateway): bigint =>
  sandbox.witness.entries
    .filter(isFinished)
    .reduce((sum, { costNano }) => sum + BigInt(costNano), 0n);

test('the second call gets the first one’s bytes and request id, and nothing goes upstream', async () => {
  const gateway = await startGateway();
  const first = await told(gateway.chat({}, KEYED));
  const second = await told(gateway.chat({}, KEYED));
  expect(first).toMatchObject({ status: 200, isReplayed: false });
  expect(second).toEqual({ ...first, isReplayed: true });
  expect(received(gateway)).toHaveLength(1);
  const records = await gateway.records();
  expect(records.map(({ id }) => id)).toEqual([first.id]);
  expect(records[0]?.costNano).toBe(charged(gateway));
});

test('the official SDK with its own retries: an answer that was lost is not paid for twice', async () => {
  const gateway = await startGateway();
  let calls = 0;
  const sdk = new OpenAI({
    baseURL: `${gateway.url}/v1`,
    apiKey: gateway.key,
    maxRetries: 2,
    // The network loses the first answer.
    fetch: async (url, init) => {
      calls += 1;
      const response = await fetch(url, init);
      if (calls > 1) return response;
      await response.arrayBuffer();
      throw new TypeError('the connection was lost');
    },
  });
  const {
    data,
    request_id: id,
    response,
  } = await sdk.chat.completions
    .create(
      { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] },
      { headers: KEYED },
    )
    .withResponse();
  expect(calls).toBe(2);
  expect(data.choices[0]?.message.content).toMatch(/./);
  expect(response.headers.get('idempotent-replayed')).toBe('true');
  const records = await gateway.records();
  expect(records.map((record) => record.id)).toEqual([id]);
  expect(received(gateway)).toHaveLength(1);
  expect(records[0]?.costNano).toBe(charged(gateway));
});

test('twenty at once are one call, also for the limit of the virtual key', async () => {
  const gateway = await startGateway();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 1 });
  const all = await Promise.all(Array.from({ length: 20 }, () => told(gateway.chat({}, KEYED))));
  expect(new Set(all.map(({ text }) => text)).size).toBe(1);
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(all.map(({ status }) => status)).toEqual(times(20, 200));
  expect(received(gateway)).toHaveLength(1);
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  expect(records[0]?.costNano).toBe(charged(gateway));
});

test.each([
  ['another body', { max_tokens: 7 }, '/v1/chat/completions'],
  ['the same body with a blank more', '{"model":"gpt-4o-mini", "prompt":"x"}', '/v1/completions'],
  ['another endpoint', { model: 'gpt-4o-mini', input: 'x' }, '/v1/responses'],
])('%s under the same key is a 409, at once and later', async (_name, body, path) => {
  const gateway = await startGateway();
  const first =
    typeof body === 'string'
      ? gateway.fetch(path, { body: body.replace(' ', ''), headers: KEYED })
      : gateway.chat({}, KEYED);
  const other = () =>
    typeof body === 'object' && path === '/v1/chat/completions'
      ? gateway.chat(body, KEYED)
      : gateway.fetch(path, { body, headers: KEYED });
  expect((await told(first)).status).toBe(200);
  const refused = await other();
  expect(refused.status).toBe(409);
  expect(refused.headers.get('x-should-retry')).toBe('false');
  expect(await errorOf(refused)).toMatchObject({ code: 'conflict', param: 'idempotency-key' });
  expect(received(gateway)).toHaveLength(1);
  // The first one's answer is there still.
  expect(await gateway.records()).toHaveLength(1);
});

test('virtual keys share nothing', async () => {
  const gateway = await startGateway();
  const { key } = await gateway.space.keys.create(SYSTEM, { name: 'another' });
  const mine = await told(gateway.chat({}, KEYED));
  const theirs = await told(gateway.chat({}, { ...KEYED, authorization: `Bearer ${key}` }));
  expect(theirs).toMatchObject({ status: 200, isReplayed: false });
  expect(theirs.id).not.toBe(mine.id);
  // Nor is another's body a conflict.
  const other = gateway.chat({ n: 2 }, { 'idempotency-key': 'k2', authorization: `Bearer ${key}` });
  expect((await told(other)).status).toBe(200);
  expect((await told(gateway.chat({}, { 'idempotency-key': 'k2' }))).status).toBe(200);
  expect(received(gateway)).toHaveLength(4);
});

test.each([
  ['status;code=500', 502],
  ['status;code=429;retry-after=0', 429],
  ['close-before-head', 502],
])('a first call that failed by %s is tried anew', async (fault, status) => {
  const gateway = await startGateway({ pool: { attempts_max: 1 } });
  for (const { name } of gateway.sandbox.credentials) gateway.sandbox.faults.set(name, fault);
  expect((await told(gateway.chat({}, KEYED))).status).toBe(status);
  gateway.sandbox.faults.clear();
  gateway.clock.advance(2000);
  const second = await told(gateway.chat({}, KEYED));
  expect(second).toMatchObject({ status: 200, isReplayed: false });
  expect(received(gateway)).toHaveLength(2);
  expect((await gateway.records()).map(({ outcome }) => outcome)).toEqual(['voided', 'settled']);
});

test('what is wrong with the request itself is told again without asking again', async () => {
  const gateway = await startGateway();
  const fault = { 'x-sandbox-fault': 'status;code=422;error-code=odd', ...KEYED };
  const first = await told(gateway.chat({}, fault));
  expect(first.status).toBe(422);
  expect(await told(gateway.chat({}, fault))).toEqual({ ...first, isReplayed: true });
  expect(received(gateway)).toHaveLength(1);
});

test('who waits for a call that fails is told the same, and the next one tries anew', async () => {
  const gateway = await startGateway({ pool: { attempts_max: 1 }, isClockShared: true });
  for (const { name } of gateway.sandbox.credentials) {
    gateway.sandbox.faults.set(name, 'delay-head;ms=30000|status;code=500');
  }
  const all = Array.from({ length: 5 }, () => told(gateway.chat({}, KEYED)));
  await untilInFlight(gateway, all.length);
  await until(() => received(gateway).length === 1);
  gateway.clock.advance(30_000);
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  expect(statuses).toEqual(times(5, 502));
  expect(received(gateway)).toHaveLength(1);
  gateway.sandbox.faults.clear();
  expect(await told(gateway.chat({}, KEYED))).toMatchObject({ status: 200, isReplayed: false });
});

test('an answer is kept for a day', async () => {
  const gateway = await startGateway();
  await told(gateway.chat({}, KEYED));
  gateway.clock.advance(86_400_000 - 60_000);
  expect((await told(gateway.chat({}, KEYED))).isReplayed).toBe(true);
  gateway.clock.advance(60_001);
  expect(await told(gateway.chat({}, KEYED))).toMatchObject({ status: 200, isReplayed: false });
  expect(received(gateway)).toHaveLength(2);
});

test('a form is the same form under another boundary', async () => {
  const gateway = await startGateway();
  const hear = () => {
    const form = new FormData();
    form.append('model', 'gpt-4o-mini-transcribe');
    form.append('file', new File([Buffer.alloc(2000)], 'sound.mp3'));
    return told(gateway.fetch('/v1/audio/transcriptions', { body: form, headers: KEYED }));
  };
  const first = await hear();
  expect(first.status).toBe(200);
  expect(await hear()).toEqual({ ...first, isReplayed: true });
  expect(received(gateway)).toHaveLength(1);
});

test.each([
  ['a blank', 'two words'],
  ['256 characters', 'k'.repeat(256)],
])('a key with %s is refused', async (_name, key) => {
  const gateway = await startGateway();
  const refused = await gateway.chat({}, { 'idempotency-key': key });
  expect(refused.status).toBe(400);
  expect(await errorOf(refused)).toMatchObject({ param: 'idempotency-key' });
  expect(received(gateway)).toEqual([]);
});
