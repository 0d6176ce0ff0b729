import { expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { arrivals, retriesAtOnce, until } from '../proxy/fixture.ts';
import { expectServing, marks } from './fixture-clients.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const ONE = { 'idempotency-key': 'one' };

test('C29: repeated with its Idempotency-Key, a call gets its answer again and costs nothing', async () => {
  const gateway = await startGateway();
  const first = await gateway.chat({}, ONE);
  const again = await gateway.chat({}, ONE);
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.headers.get('x-request-id')).toBe(first.headers.get('x-request-id'));
  expect(await again.text()).toBe(await first.text());
  expect(await marks(gateway)).toEqual({ arrivals: 1, records: 1 });
});

test.each([
  ['an answer', {}],
  ['a stream', { stream: true }],
])('C29: 50 at once with one Idempotency-Key share %s', async (_form, fields) => {
  const gateway = await startGateway({ sandbox: { chunkCount: 20, chunkPaceMs: 5 } });
  const responses = await Promise.all(Array.from({ length: 50 }, () => gateway.chat(fields, ONE)));
  const texts = await Promise.all(responses.map((response) => response.text()));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(texts).size).toBe(1);
  expect(await marks(gateway)).toEqual({ arrivals: 1, records: 1 });
});

test('C29: another body under the same key is a conflict, while and after the first', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const answered = gateway.chat({}, { ...ONE, 'x-sandbox-fault': 'delay-head;ms=30000' });
  await until(() => arrivals(gateway).length === 1);
  const meanwhile = await gateway.chat({ user: 'another' }, ONE);
  gateway.clock.advance(30_000);
  const first = await answered;
  const after = await gateway.chat({ user: 'another' }, ONE);
  expect([first.status, meanwhile.status, after.status]).toEqual([200, 409, 409]);
  expect(await after.json()).toMatchObject({ error: { code: 'conflict' } });
  expect(after.headers.get('x-should-retry')).toBe('false');
  expect(await marks(gateway)).toEqual({ arrivals: 1, records: 1 });
});

test('C29: the same Idempotency-Key of another virtual key is another call', async () => {
  const gateway = await startGateway();
  const { key } = await gateway.space.keys.create(SYSTEM, { name: 'other' });
  const mine = await gateway.chat({}, ONE);
  const theirs = await gateway.chat({}, { ...ONE, authorization: `Bearer ${key}` });
  expect(theirs.headers.has('idempotent-replayed')).toBe(false);
  expect(theirs.headers.get('x-request-id')).not.toBe(mine.headers.get('x-request-id'));
  expect(await marks(gateway)).toEqual({ arrivals: 2, records: 2 });
});

test('C29: an answer that only says "not now" is not kept', async () => {
  const gateway = await startGateway();
  const failing = { ...ONE, 'x-sandbox-fault': 'close-before-head' };
  expect((await gateway.chat({}, failing)).status).toBe(502);
  expect((await gateway.chat({}, ONE)).status).toBe(200);
});

interface Told {
  status: number;
  shouldRetry: string | null;
  waitMs: number;
}

/**
 * The official SDK with its own rules for retries. It is told to come back at once, so that nobody
 * waits; what it would have been told is on record.
 */
function impatientSdk({ key, url }: Pick<Gateway, 'key' | 'url'>) {
  const told: Told[] = [];
  const client = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: key,
    async fetch(target, init) {
      const response = await fetch(target, init);
      const { headers, status } = response;
      const waitMs = Number(headers.get('retry-after-ms') ?? Number.NaN);
      told.push({ status, shouldRetry: headers.get('x-should-retry'), waitMs });
      const hurried = new Headers(headers);
      hurried.set('retry-after-ms', '1');
      return new Response(await response.arrayBuffer(), { status, headers: hurried });
    },
  });
  const chat = (fields: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) =>
    client.chat.completions
      .create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }], ...fields })
      .then(
        () => 200,
        (error: InstanceType<typeof OpenAI.APIError>) => Number(error.status),
      );
  return { chat, told };
}

const NAMES = ['cred-1', 'cred-2', 'cred-3'];
const everywhere =
  (fault: string) =>
  ({ sandbox }: Gateway) => {
    for (const name of NAMES) sandbox.faults.set(name, fault);
  };

interface Trouble {
  trouble: string;
  arrange?(gateway: Gateway): unknown;
  key?: string;
  fields?: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>;
  status: number;
  /** Calls that the upstream got, over all tries of the SDK. */
  upstream: number;
  /** The least that it is told to wait at last; absent where nobody knows. */
  waitMs?: number;
}

const FATAL: Trouble[] = [
  { trouble: 'a key that is none', key: 'sk-tg-none', status: 401, upstream: 0 },
  { trouble: 'a model that is nobody’s', fields: { model: 'gpt-none' }, status: 404, upstream: 0 },
  { trouble: 'a field that is wrong', fields: { n: -1 }, status: 400, upstream: 0 },
  {
    trouble: 'a body that the upstream refuses',
    arrange: everywhere('status;code=422'),
    status: 422,
    upstream: 1,
  },
];

test.each(FATAL)('C31: after $trouble the SDK does not come again', async (one) => {
  const gateway = await startGateway();
  await one.arrange?.(gateway);
  const { chat, told } = impatientSdk({ url: gateway.url, key: one.key ?? gateway.key });
  expect(await chat(one.fields)).toBe(one.status);
  expect(told).toEqual([{ status: one.status, shouldRetry: 'false', waitMs: Number.NaN }]);
  expect(arrivals(gateway)).toHaveLength(one.upstream);
});

const PASSING: Trouble[] = [
  {
    trouble: 'our own limit',
    async arrange(gateway) {
      await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 1 });
      await expectServing(gateway);
    },
    status: 429,
    upstream: 1,
    waitMs: 40_000,
  },
  {
    trouble: 'limits of every credential',
    arrange: everywhere('status;code=429;retry-after=20'),
    status: 429,
    upstream: 3,
    waitMs: 5000,
  },
  {
    trouble: 'empty accounts',
    arrange: everywhere('status;code=402'),
    status: 503,
    upstream: 3,
    waitMs: 5000,
  },
  {
    trouble: 'calls that are lost',
    arrange: everywhere('close-before-head'),
    status: 502,
    upstream: 3,
  },
];

test.each(PASSING)('C31: after $trouble the SDK comes twice more, told when', async (one) => {
  const gateway = await startGateway();
  await one.arrange?.(gateway);
  const { chat, told } = impatientSdk(gateway);
  expect(await chat()).toBe(one.status);
  const wanted = { status: one.status, shouldRetry: 'true' };
  expect(told).toMatchObject([wanted, wanted, wanted]);
  const last = told.at(-1)?.waitMs;
  if (one.waitMs === undefined) expect(last).toBeNaN();
  else expect(last).toBeGreaterThan(one.waitMs);
  expect(arrivals(gateway)).toHaveLength(one.upstream);
});

test('C31: for one call of an SDK an upstream that is down sees 9 at most', async () => {
  const gateway = await startGateway();
  everywhere('status;code=500')(gateway);
  const { chat, told } = impatientSdk(gateway);
  expect(await chat()).toBe(502);
  expect(told).toHaveLength(3);
  expect(arrivals(gateway).length).toBeLessThanOrEqual(9);
});

test('C31: of a crowd of SDKs it sees no more than a fifth in retries at once', async () => {
  const gateway = await startGateway();
  everywhere('status;code=500')(gateway);
  const { chat, told } = impatientSdk(gateway);
  const statuses = await Promise.all(Array.from({ length: 100 }, () => chat()));
  expect(new Set(statuses)).toEqual(new Set([502]));
  expect(told).toHaveLength(300);
  expect(arrivals(gateway).length).toBeGreaterThan(300);
  expect(retriesAtOnce(gateway)).toBeLessThanOrEqual(100 * 0.2);
});
