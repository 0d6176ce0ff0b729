import { describe, expect, test } from '@jest/globals';
import { AccessTokens } from '../../../src/pool/access-tokens.ts';
import type { TextAnswer } from '../../../src/pool/fetch-text.ts';
import { Lease } from '../../../src/pool/lease.ts';
import type { Member } from '../../../src/pool/member.ts';
import { gigachat } from '../../../src/providers/gigachat.ts';
import { google } from '../../../src/providers/google.ts';
import { xai } from '../../../src/providers/xai.ts';
import { attempt } from '../../../src/proxy/attempt.ts';
import type { Call } from '../../../src/proxy/call.ts';
import { audioSpeech } from '../../../src/proxy/endpoints/audio.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import type { Endpoint } from '../../../src/proxy/endpoints/endpoint.ts';
import { passingBody } from '../../../src/proxy/passing-body.ts';
import type { ReadRequest } from '../../../src/proxy/read-request.ts';
import { invalid } from '../../../src/proxy/read-request.ts';
import type { OutgoingRequest, Transport } from '../../../src/proxy/transport.ts';
import {
  Client,
  HandClock,
  NOW,
  TIMEOUTS,
  aMember,
  aPool,
  aServed,
  anUpstream,
  settled,
} from './fixture.ts';

const JSON_TYPE = { 'content-type': 'application/json', 'content-length': '1' };

interface Given {
  member?: Member;
  call?: Partial<Call>;
  endpoint?: Endpoint;
  upstream?: string;
  isFresh?: boolean;
  request?: Partial<ReadRequest>;
  /** What the provider answers to each request for a token. */
  tokens?: (TextAnswer | Error | 'never')[];
  heartbeatMs?: number;
}

/** An attempt on an exchange that the test plays the upstream of. */
function anAttempt(given: Given = {}) {
  const { member = aMember('c1'), endpoint = chatCompletions, isFresh = false } = given;
  const clock = new HandClock();
  const upstream = anUpstream(clock);
  const client = new Client({ hasBody: true, ...given.call });
  const answers = [...(given.tokens ?? [])];
  const asked: string[] = [];
  const tokens = new AccessTokens(clock, async ({ headers }) => {
    asked.push(headers['authorization'] ?? '');
    const answer = answers.shift();
    if (answer === undefined || answer === 'never') return await new Promise(() => undefined);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const sent: OutgoingRequest[] = [];
  const transport = {
    exchange: () => upstream.exchange,
    send: (_exchange: unknown, _member: unknown, request: OutgoingRequest) =>
      void sent.push(request),
  } as unknown as Transport;
  const body = { kind: 'bytes', bytes: Buffer.from('{"model":"m"}') } as const;
  const request: ReadRequest = {
    asked: { model: 'm', fields: {}, bytes: 13 },
    body,
    renamed: ({ upstream: name }) => ({ kind: 'bytes', bytes: Buffer.from(`renamed to ${name}`) }),
    hidesUsage: false,
    ...given.request,
  };
  const pool = aPool([member], { heartbeatMs: given.heartbeatMs ?? null });
  const served = aServed(given.upstream ?? 'm');
  const lease = new Lease(member, { served, tokens: 0, nowMs: NOW, monotonicMs: 0 });
  const outgoing = {
    call: client.call,
    endpoint,
    pool,
    request,
    key: { id: 'key-1' },
    ticket: { isStrict: false },
  };
  const start = () => attempt(outgoing, { lease, isFresh }, { transport, clock, tokens });
  return { ...upstream, clock, client, member, tokens, sent, asked, start, aborts: upstream.asked };
}

const REASONS = [
  ['client_gone', 'client_gone'],
  ['deadline', 'deadline'],
  ['draining', 'draining'],
  ['key_revoked', 'key_revoked'],
  ['anything else', 'client_gone'],
];

describe('what is sent', () => {
  test('is the call as it came, with the credential', () => {
    const call = {
      method: 'POST',
      path: '/v1/chat/completions',
      query: '?a=1',
      headers: { accept: 'x/y' },
    };
    const { sent, start } = anAttempt({ call });
    void start();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions?a=1',
      headers: { authorization: 'Bearer sk-of-c1', accept: 'x/y' },
      isFresh: false,
    });
    expect(sent[0]?.body).toMatchObject({ bytes: Buffer.from('{"model":"m"}') });
  });

  test('has the path and the model’s name as the upstream knows them', () => {
    const { sent, start } = anAttempt({
      member: aMember('c1', { kind: google }),
      upstream: 'other',
    });
    void start();
    expect(sent[0]).toMatchObject({
      path: '/chat/completions',
      body: { bytes: Buffer.from('renamed to other') },
    });
  });

  test('goes on a new connection where one is wanted', () => {
    const { sent, start } = anAttempt({ isFresh: true });
    void start();
    expect(sent[0]?.isFresh).toBe(true);
  });

  test.each<[string, { model: string | null; untilMs: number | null }, boolean]>([
    ['a ban', { model: null, untilMs: null }, false],
    ['a ban for the model', { model: 'up', untilMs: NOW + 1 }, false],
    ['a ban for another', { model: 'm', untilMs: null }, true],
    ['a ban that is over', { model: null, untilMs: NOW }, true],
  ])('may still start after %s (%j): %s', (_name, ban, mayStart) => {
    const { sent, member, start } = anAttempt({ upstream: 'up' });
    void start();
    expect(sent[0]?.mayStart()).toBe(true);
    member.health.ban({ id: 'b', strike: 1, hasTrial: false, ...ban });
    expect(sent[0]?.mayStart()).toBe(mayStart);
  });
});

describe('the end of a call', () => {
  test.each(REASONS)('by %s ends its upstream call as %s', async (reason, failure) => {
    const { client, start, exchange, ...upstream } = anAttempt();
    const made = start();
    exchange.onRequestStart(controllerOf(upstream));
    client.leave(reason);
    expect((await made).answer).toEqual({ phase: 'failed', failure, isSent: true, isStale: false });
    expect(upstream.aborts).toEqual([`abort ${failure}`]);
  });

  test.each(REASONS)('before it was sent counts, too (%s)', async (reason, failure) => {
    const { client, start } = anAttempt();
    client.leave(reason);
    expect((await start()).answer).toEqual({
      phase: 'failed',
      failure,
      isSent: false,
      isStale: false,
    });
  });

  test.each(REASONS)(
    'while an error is read counts for more than the error (%s)',
    async (reason, failure) => {
      const { client, head, start, exchange } = anAttempt();
      const made = start();
      head(500);
      await exchange.answered;
      client.leave(reason);
      expect((await made).answer).toMatchObject({ phase: 'failed', failure });
    },
  );

  test.each(['client_gone', 'key_revoked'])(
    'in the middle of an answer leaves what there was of it, to be charged (%s)',
    async (reason) => {
      for (const headers of [JSON_TYPE, { 'content-type': 'application/json' }]) {
        const { client, head, data, start, exchange } = anAttempt();
        const made = start();
        head(200, headers);
        await exchange.answered;
        data('{"choices":');
        client.leave(reason);
        const { answer, opened } = await made;
        expect(answer).toMatchObject({ phase: 'answered', status: 200 });
        expect(opened).toEqual({
          form: 'whole',
          body: Buffer.from('{"choices":'),
          failure: reason,
        });
      }
    },
  );
});

/** Started by hand. */
const controllerOf = ({ aborts }: { aborts: string[] }) =>
  ({
    pause: () => undefined,
    resume: () => undefined,
    abort: (reason: Error) => void aborts.push(`abort ${reason.message}`),
  }) as never;

/** What an answer that is over comes to. */
async function answered(
  status: number,
  headers: Record<string, string | string[]>,
  body: string,
  given?: Given & { ending?: 'lose' },
) {
  const made = anAttempt(given);
  const outcome = made.start();
  await settled();
  made.head(status, headers);
  if (body !== '') made.data(body);
  if (given?.ending === 'lose') made.lose();
  else made.end();
  return { ...made, ...(await outcome) };
}

describe('an error', () => {
  test('is read to its end, with what it says of itself', async () => {
    const text = '{"error":{"code":null,"type":"insufficient_quota"}}';
    const { answer, errorBody, opened } = await answered(429, { 'retry-after': '7' }, text);
    expect(answer).toEqual({
      phase: 'answered',
      status: 429,
      errorCode: 'insufficient_quota',
      hasToken: false,
      retryAfterMs: 7000,
      isPage: false,
    });
    expect([errorBody?.toString(), opened]).toEqual([text, null]);
  });

  test('that breaks off is what came of it', async () => {
    const { answer, errorBody } = await answered(503, {}, '{"error"', { ending: 'lose' });
    expect(answer).toMatchObject({ phase: 'answered', status: 503, errorCode: null });
    expect(errorBody?.toString()).toBe('{"error"');
  });

  test('that never ends is read for 64 KiB', async () => {
    const { head, data, start, exchange, aborts } = anAttempt();
    const read = start();
    head(500);
    await exchange.answered;
    for (let piece = 0; piece < 10; piece += 1) {
      data(Buffer.alloc(10_000, 'x'));
      await Promise.resolve();
    }
    expect((await read).errorBody?.length).toBe(70_000);
    expect(aborts.at(-1)).toBe('abort lost');
  });

  test.each([
    ['text/html', true],
    ['application/json', false],
  ])('in %s is a page: %s', async (type, isPage) => {
    expect((await answered(403, { 'content-type': type }, '<html>')).answer).toMatchObject({
      isPage,
    });
  });

  test.each<[string, Member, status: number, body: string, expected: number]>([
    [
      'google',
      aMember('c1', { kind: google }),
      400,
      '[{"error":{"message":"API key not valid."}}]',
      401,
    ],
    ['xai', aMember('c1', { kind: xai }), 400, '{"error":"Incorrect API key provided: x"}', 401],
    [
      'google, of the request',
      aMember('c1', { kind: google }),
      400,
      '{"error":{"message":"bad"}}',
      400,
    ],
    [
      'google, under another status',
      aMember('c1', { kind: google }),
      404,
      '{"error":{"message":"API key not valid."}}',
      404,
    ],
    ['openai', aMember('c1'), 400, '{"error":{"message":"API key not valid."}}', 400],
    ['openai, plainly', aMember('c1'), 401, '', 401],
  ])(
    'that refuses the credential is told as such: %s',
    async (_name, member, status, body, expected) => {
      const { answer } = await answered(status, {}, body, { member });
      expect(answer).toMatchObject({ phase: 'answered', status: expected });
    },
  );

  test('in the place of an answer has the status it should have had, and its connection ends', async () => {
    const text = '{"error":{"code":"rate_limit_exceeded"}}';
    const json = await answered(200, JSON_TYPE, text);
    expect(json.answer).toMatchObject({ status: 429, errorCode: 'rate_limit_exceeded' });
    expect([json.errorBody?.toString(), json.opened]).toEqual([text, null]);
    const { head, data, start, exchange, aborts } = anAttempt();
    const made = start();
    head(200, { 'content-type': 'text/event-stream' });
    await exchange.answered;
    data(`data: ${text}\n\n`);
    expect((await made).answer).toMatchObject({ status: 429 });
    expect(aborts).toContain('abort lost');
  });
});

describe('a success', () => {
  test.each([204, 205])('without content (%i) is not looked into', async (status) => {
    const { answer, opened } = await answered(status, {}, '');
    expect([answer, opened]).toEqual([
      { phase: 'answered', status, errorCode: null, retryAfterMs: null },
      null,
    ]);
  });

  test.each<[string, Record<string, string>, string, object]>([
    ['JSON', JSON_TYPE, '{"a":1}', { form: 'whole', body: Buffer.from('{"a":1}'), failure: null }],
    [
      'JSON that ends with its connection',
      { 'content-type': 'application/json' },
      '{"a":1}',
      { form: 'whole' },
    ],
    ['JSON that is none, but whole', JSON_TYPE, '{"a":', { form: 'whole' }],
    [
      'JSON in chunks that is none',
      { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      '{"a":',
      { form: 'whole' },
    ],
    ['a stream', { 'content-type': 'text/event-stream' }, 'data: {}\n\n', { form: 'stream' }],
  ])('is opened: %s', async (_name, headers, body, expected) => {
    const { answer, opened, errorBody } = await answered(200, headers, body);
    expect(answer).toMatchObject({ phase: 'answered', status: 200, isUnreadable: false });
    expect(opened).toMatchObject(expected);
    expect(errorBody).toBeNull();
  });

  test('that only its connection ends, in the middle, is lost', async () => {
    const { answer } = await answered(200, { 'content-type': 'application/json' }, '{"a":');
    expect(answer).toEqual({ phase: 'failed', failure: 'lost', isSent: true, isStale: false });
  });

  test('without a byte is empty where there should be some', async () => {
    expect((await answered(200, JSON_TYPE, '')).answer).toMatchObject({ isEmpty: true });
    const { answer } = await answered(200, JSON_TYPE, '', { endpoint: audioSpeech });
    expect(answer).not.toHaveProperty('isEmpty');
  });

  test('that nobody can read is not read, and its connection ends', async () => {
    const { head, start, exchange, aborts } = anAttempt();
    const made = start();
    head(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    await exchange.answered;
    expect((await made).answer).toMatchObject({ status: 200, isUnreadable: true });
    expect(aborts).toContain('abort lost');
  });

  test('that was lost is, also when its head was there', async () => {
    const { answer } = await answered(200, JSON_TYPE, '{"a"', { ending: 'lose' });
    expect(answer).toEqual({ phase: 'failed', failure: 'lost', isSent: true, isStale: false });
  });

  test('that stays silent begins when the pool’s patience ends', async () => {
    const { clock, head, start, exchange } = anAttempt({ heartbeatMs: 5000 });
    const made = start();
    head(200, { 'content-type': 'text/event-stream' });
    await exchange.answered;
    await settled();
    clock.advance(5000);
    expect((await made).opened).toEqual({ form: 'stream' });
  });

  test('has begun when its head came', async () => {
    const { clock, head, data, end, start, exchange } = anAttempt();
    const made = start();
    clock.advance(300);
    head(200, JSON_TYPE);
    await exchange.answered;
    await settled();
    clock.advance(900);
    data('{}');
    end();
    expect((await made).answeredMs).toBe(300);
  });
});

describe('a connection that was lost without a byte', () => {
  test.each([
    [true, 0, true],
    [true, 1, false],
    [false, 0, false],
  ])(
    'is stale if it had served before (%s) and brought nothing (%i bytes): %s',
    async (isReused, bytes, isStale) => {
      const made = anAttempt();
      const conditions = { mayStart: () => true, giveUp: () => undefined };
      let read = 0;
      made.exchange.startWhen({ ...conditions, isReused: () => isReused, bytesRead: () => read });
      const outcome = made.start();
      made.exchange.onRequestStart(controllerOf(made));
      read = bytes;
      made.lose();
      expect((await outcome).answer).toEqual({
        phase: 'failed',
        failure: 'lost',
        isSent: true,
        isStale,
      });
    },
  );
});

describe('a body that passes through', () => {
  test('and is found bad on its way is the client’s mistake, not the upstream’s', async () => {
    const mistake = invalid('The form is malformed.');
    const client = new Client();
    const rest = passingBody(client.call, 10);
    rest.violation = mistake;
    const made = anAttempt({ request: { body: { kind: 'stream', head: [], rest, grownBy: 0 } } });
    const outcome = made.start();
    made.exchange.onRequestStart(controllerOf(made));
    made.lose();
    const { answer, violation } = await outcome;
    expect(violation).toBe(mistake);
    expect(answer).toMatchObject({ phase: 'failed', failure: 'client_stalled' });
  });

  test('and is found bad behind an answer leaves the answer', async () => {
    const rest = passingBody(new Client().call, 10);
    rest.violation = invalid('The form is malformed.');
    const request = { body: { kind: 'stream' as const, head: [], rest, grownBy: 0 } };
    const { answer, violation } = await answered(400, {}, '{}', { request });
    expect(answer).toMatchObject({ status: 400 });
    expect(violation).toBeNull();
  });
});

const member = () => aMember('c1', { kind: gigachat });

const token = (name: string) => ({
  status: 200,
  text: JSON.stringify({ access_token: name, expires_at: NOW + 1_800_000 }),
});

describe('a credential that buys tokens', () => {
  test('is sent as the token', async () => {
    const { sent, asked, start } = anAttempt({ member: member(), tokens: [token('t1')] });
    void start();
    await settled();
    expect(sent[0]?.headers['authorization']).toBe('Bearer t1');
    expect(asked).toEqual(['Basic sk-of-c1']);
  });

  test.each<[string, TextAnswer | Error, string]>([
    ['is refused', { status: 401, text: '' }, 'token_refused'],
    ['is refused as nonsense', { status: 400, text: '' }, 'token_refused'],
    ['finds its provider unwell', { status: 500, text: '' }, 'connect'],
    ['finds nobody', new Error('x'), 'connect'],
  ])('and %s sends nothing', async (_name, told, failure) => {
    const { sent, start } = anAttempt({ member: member(), tokens: [told] });
    const { answer } = await start();
    expect(answer).toEqual({ phase: 'failed', failure, isSent: false, isStale: false });
    expect(sent).toEqual([]);
  });

  test('and waits for one sends nothing once the call is over', async () => {
    const { sent, client, start } = anAttempt({ member: member(), tokens: ['never'] });
    const made = start();
    client.leave();
    expect((await made).answer).toMatchObject({ failure: 'client_gone', isSent: false });
    expect(sent).toEqual([]);
  });

  test('does not wait for ever', async () => {
    const { clock, sent, start } = anAttempt({ member: member(), tokens: ['never'] });
    const made = start();
    clock.advance(TIMEOUTS.firstByteMs);
    expect((await made).answer).toMatchObject({ phase: 'failed', isSent: false });
    expect(sent).toEqual([]);
  });

  test.each([
    [401, 2],
    [403, 1],
    [200, 1],
  ])('asks for another one after a %i: %i in all', async (status, count) => {
    const made = await answered(status, JSON_TYPE, '{}', {
      member: member(),
      tokens: [token('t1'), token('t2')],
    });
    expect(await made.tokens.get(made.member)).toBe(`t${count}`);
    expect(made.asked).toHaveLength(count);
  });
});
