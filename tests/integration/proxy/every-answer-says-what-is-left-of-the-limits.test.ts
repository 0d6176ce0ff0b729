import { describe, expect, test } from '@jest/globals';
import type { CreateKeyInput } from '../../../src/services/key-input.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { openaiOf } from '../../support/openai-client.ts';
import { arrivals, chatBody, rawClient, readSocket, until } from './fixture.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const HELLO = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello' }] };
/** What a call with this cap reserves, its body's bytes by four included. */
const CAP = { max_tokens: 100 };

const UNLIMITED = {
  'x-ratelimit-limit-rpm': 'unlimited',
  'x-ratelimit-remaining-rpm': 'unlimited',
  'x-ratelimit-limit-tpm': 'unlimited',
  'x-ratelimit-remaining-tpm': 'unlimited',
};

/** All that an answer says of limits, but for the times, which are looked at one by one. */
const toldBy = ({ headers }: Response): Record<string, string> =>
  Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith('x-ratelimit-') && !name.includes('reset')),
  );

/** The same for a limit of requests alone. */
const requests = (limit: number, remaining: number) => ({
  ...UNLIMITED,
  'x-ratelimit-limit-requests': String(limit),
  'x-ratelimit-remaining-requests': String(remaining),
  'x-ratelimit-limit-rpm': String(limit),
  'x-ratelimit-remaining-rpm': String(remaining),
});

/** Seconds of a duration as OpenAI writes them. */
function secondsOf(response: Response, name: string): number {
  const text = response.headers.get(name) ?? '';
  const [, minutes = '0', count = '', unit = ''] =
    /^(?:(\d+)m)?(\d+(?:\.\d{1,3})?)(s|ms)$/.exec(text) ?? [];
  expect([name, text, unit]).toEqual([name, text, expect.stringMatching(/^m?s$/)]);
  return Number(minutes) * 60 + Number(count) / (unit === 'ms' ? 1000 : 1);
}

/** Somebody of their own: the headers they send, and calls with them. */
async function caller(gateway: Gateway, input: Partial<CreateKeyInput>) {
  const { key } = await gateway.space.keys.create(SYSTEM, { name: 'limited', ...input });
  const headers = { authorization: `Bearer ${key}` };
  return {
    headers,
    chat: (extra: Record<string, unknown> = {}, more: Record<string, string> = {}) =>
      gateway.chat(extra, { ...headers, ...more }),
    ask: (path: string, init: Parameters<Gateway['fetch']>[1] = {}) =>
      gateway.fetch(path, { ...init, headers: { ...headers, ...init.headers } }),
    openai: openaiOf(gateway).withOptions({ apiKey: key }),
  };
}

const messageOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { message: string } }).error.message;

test('the SDK is told with a whole answer, with a stream, and with a list of models', async () => {
  const gateway = await startGateway();
  const { openai } = await caller(gateway, { rpmLimit: 5 });
  const whole = await openai.chat.completions.create(HELLO).withResponse();
  expect(whole.data.choices[0]?.message.content).toMatch(/./);
  expect(toldBy(whole.response)).toEqual(requests(5, 4));

  const stream = await openai.chat.completions.create({ ...HELLO, stream: true }).withResponse();
  expect(toldBy(stream.response)).toEqual(requests(5, 3));
  for await (const chunk of stream.data) expect(chunk.object).toBe('chat.completion.chunk');

  // What is answered here takes nothing.
  const models = await openai.models.list().withResponse();
  expect(models.data.data.length).toBeGreaterThan(0);
  expect(toldBy(models.response)).toEqual(requests(5, 3));
});

test('a key without limits: nothing in OpenAI’s words, nor in the upstream’s, “unlimited” in B’s', async () => {
  const gateway = await startGateway();
  const whole = await gateway.chat();
  expect(whole.status).toBe(200);
  expect(Object.fromEntries([...whole.headers].filter(([name]) => /ratelimit/.test(name)))).toEqual(
    UNLIMITED,
  );
  const stream = await gateway.chat({ stream: true });
  expect(toldBy(stream)).toEqual(UNLIMITED);
  expect(await stream.text()).toContain('[DONE]');
  expect(toldBy(await gateway.fetch('/v1/nothing', { body: {} }))).toEqual(UNLIMITED);
});

test('whom nobody knows is told nothing of limits', async () => {
  const gateway = await startGateway();
  const stranger = await gateway.chat({}, { authorization: 'Bearer sk-tg-nobody' });
  expect(stranger.status).toBe(401);
  expect(toldBy(stranger)).toEqual({});
  expect(stranger.headers.get('x-should-retry')).toBe('false');
});

describe('errors say it, too', () => {
  test.each([
    ['a body that is no JSON', '/v1/chat/completions', '{"model":', '', 400, 5],
    ['a path that nobody has', '/v1/nothing', '{}', '', 404, 5],
    ['a body that is not read to its end', '/v1/nothing', 'x'.repeat(900_000), '', 404, 5],
    ['a model that nobody has', '/v1/chat/completions', '{"model":"none"}', '', 404, 5],
    ['what the upstream refuses', '', HELLO, 'status;code=422', 422, 4],
    ['an upstream that fails', '', HELLO, 'status;code=500', 502, 4],
  ])('%s', async (_name, path, body, fault, status, left) => {
    const gateway = await startGateway({ pool: { attempts_max: 1 } });
    const { ask } = await caller(gateway, { rpmLimit: 5 });
    const headers: Record<string, string> = fault === '' ? {} : { 'x-sandbox-fault': fault };
    const refused = await ask(path || '/v1/chat/completions', { body, headers });
    expect([refused.status, await messageOf(refused)]).toEqual([status, expect.any(String)]);
    expect(toldBy(refused)).toEqual(requests(5, left));
    expect(refused.headers.get('x-should-retry')).toBe(String(status === 502));
  });
});

test('requests: who is refused is told of whom, how much, and to the millisecond until when', async () => {
  const gateway = await startGateway();
  const { chat } = await caller(gateway, { rpmLimit: 2 });
  expect((await chat()).status).toBe(200);
  gateway.clock.advance(20_000);
  const second = await chat();
  expect(toldBy(second)).toEqual(requests(2, 0));
  expect(secondsOf(second, 'x-ratelimit-reset-requests')).toBeGreaterThan(55);
  gateway.clock.advance(30_000);

  const beforeMs = gateway.clock.now();
  const refused = await chat();
  const afterMs = gateway.clock.now();
  expect(refused.status).toBe(429);
  expect(toldBy(refused)).toEqual(requests(2, 0));
  expect(refused.headers.get('x-should-retry')).toBe('true');
  // There is room when the first call leaves, and all of it when the second does.
  const waitMs = Number(refused.headers.get('retry-after-ms'));
  expect(waitMs).toBeLessThanOrEqual(10_000);
  expect(refused.headers.get('retry-after')).toBe(String(Math.ceil(waitMs / 1000)));
  const reset = secondsOf(refused, 'x-ratelimit-reset-requests');
  expect(reset).toBeLessThanOrEqual(30);
  expect(reset).toBeGreaterThan(waitMs / 1000 + 15);
  const message = await messageOf(refused);
  expect(message).toMatch(
    /^Rate limit exceeded\. Limit: 2 requests\/minute for this key: 2 used, 1 needed for this call\. There is room again at \S+Z\.$/,
  );
  const roomMs = Date.parse(/at (\S+Z)/.exec(message)?.[1] ?? '');
  expect(roomMs - waitMs).toBeGreaterThanOrEqual(beforeMs - 1);
  expect(roomMs - waitMs).toBeLessThanOrEqual(afterMs + 1);

  gateway.clock.advance(waitMs);
  expect((await chat()).status).toBe(200);
});

test('tokens: what a call reserves is gone while it runs, and what it did not use comes back', async () => {
  const gateway = await startGateway();
  const { chat, ask } = await caller(gateway, { tpmLimit: 300 });
  const first = await chat(CAP);
  const { usage } = (await first.json()) as { usage: { total_tokens: number } };
  const left = Number(first.headers.get('x-ratelimit-remaining-tokens'));
  expect(left).toBeLessThan(300 - CAP.max_tokens);
  expect(left).toBeGreaterThan(300 - CAP.max_tokens - 60);
  expect(toldBy(first)).toEqual({
    ...UNLIMITED,
    'x-ratelimit-limit-tokens': '300',
    'x-ratelimit-remaining-tokens': String(left),
    'x-ratelimit-limit-tpm': '300',
    'x-ratelimit-remaining-tpm': String(left),
  });
  expect(secondsOf(first, 'x-ratelimit-reset-tokens')).toBeGreaterThan(55);
  await gateway.records();

  const refused = await chat({ max_tokens: 290 });
  expect(refused.status).toBe(429);
  const now = 300 - usage.total_tokens;
  expect(refused.headers.get('x-ratelimit-remaining-tokens')).toBe(String(now));
  expect(await messageOf(refused)).toMatch(
    new RegExp(
      `^Rate limit exceeded\\. Limit: 300 tokens/minute for this key: ${usage.total_tokens} used, 3\\d\\d needed for this call\\. There is room again at \\S+Z\\.$`,
    ),
  );
  gateway.clock.advance(60_000);
  const models = await ask('/v1/models', { method: 'GET' });
  expect(models.headers.get('x-ratelimit-remaining-tokens')).toBe('300');
  expect(models.headers.get('x-ratelimit-reset-tokens')).toBe('0s');
});

test('calls at once: a refusal says so, and what is left of the other limits', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const { chat } = await caller(gateway, { rpmLimit: 9, concurrencyLimit: 1 });
  const first = chat({}, { 'x-sandbox-fault': 'delay-head;ms=20000' });
  await until(() => arrivals(gateway).length === 1);
  const refused = await chat();
  expect(refused.status).toBe(429);
  expect(toldBy(refused)).toEqual(requests(9, 8));
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('x-should-retry')).toBe('true');
  expect(await messageOf(refused)).toBe(
    'Rate limit exceeded. Limit: 1 calls at once for this key: 1 under way. There is room again when one of them ends.',
  );
  gateway.clock.advance(20_000);
  expect((await first).status).toBe(200);
});

test('of a key and its team the limit with least left is told, for requests and tokens each', async () => {
  const gateway = await startGateway();
  const { space } = gateway;
  await space.teams.create(SYSTEM, { name: 'crew', rpmLimit: 3, tpmLimit: 1_000_000 });
  const one = await caller(gateway, { team: 'crew', rpmLimit: 10, tpmLimit: 500_000 });
  const other = await caller(gateway, { team: 'crew', rpmLimit: 2 });
  const free = await caller(gateway, { team: 'crew' });
  const told = async (asks: typeof one) => {
    const { headers } = await asks.chat();
    const limit = (name: string) => headers.get(`x-ratelimit-${name}`);
    return [
      limit('limit-requests'),
      limit('remaining-requests'),
      limit('limit-rpm'),
      limit('limit-tokens'),
    ];
  };
  expect(await told(one)).toEqual(['3', '2', '3', '500000']);
  // As much is left of its own limit as of the team's, until the same time.
  expect(await told(other)).toEqual(['2', '1', '2', '1000000']);
  expect(await told(free)).toEqual(['3', '0', '3', '1000000']);

  const refused = await one.chat();
  expect(refused.status).toBe(429);
  expect(toldBy(refused)).toMatchObject({
    'x-ratelimit-limit-requests': '3',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-limit-tokens': '500000',
  });
  expect(await messageOf(refused)).toMatch(
    /^Rate limit exceeded\. Limit: 3 requests\/minute for this team: 3 used, 1 needed /,
  );
});

test('a refusal by a budget carries them as well, and says that trying again is of no use', async () => {
  const gateway = await startGateway();
  const { space, keyId } = gateway;
  await space.keys.update(SYSTEM, keyId, { rpmLimit: 5 });
  await space.budgets.set(SYSTEM, { scope: 'key', subject: keyId, cap: '0', period: 'daily' });
  const refused = await gateway.chat();
  expect(refused.status).toBe(402);
  expect(toldBy(refused)).toEqual(requests(5, 5));
  expect(refused.headers.get('x-should-retry')).toBe('false');
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(86_400);
  expect(await messageOf(refused)).toMatch(
    /^Budget exceeded\. The budget of this key is \$0\.00: \$0\.00 spent, \$0\.00 held .* It resets at \S+T00:00:00\.000Z\.$/,
  );
});

test('an answer that is given again says what is left now', async () => {
  const gateway = await startGateway();
  const { chat } = await caller(gateway, { rpmLimit: 5 });
  const keyed = { 'idempotency-key': 'order-1' };
  expect(toldBy(await chat({}, keyed))).toEqual(requests(5, 4));
  expect(toldBy(await chat())).toEqual(requests(5, 3));
  const again = await chat({}, keyed);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(toldBy(again)).toEqual(requests(5, 3));
});

test('a limit that is changed while a body arrives shows in its answer', async () => {
  const gateway = await startGateway();
  expect(toldBy(await gateway.chat())).toEqual(UNLIMITED);
  const body = chatBody();
  const socket = rawClient(gateway, {
    path: '/v1/chat/completions',
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      expect: '100-continue',
    },
  });
  // Whoever is asked to go on has shown a key that is good.
  await readSocket(socket, (text) => text.includes('100 Continue'));
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 7 });
  socket.write(body);
  const answer = await readSocket(socket, (text) => /HTTP\/1\.1 200[^]*\r\n\r\n/.test(text));
  expect(answer).toMatch(/^x-ratelimit-limit-rpm: 7\r$/m);
  expect(answer).toMatch(/^x-ratelimit-remaining-rpm: 6\r$/m);
});
