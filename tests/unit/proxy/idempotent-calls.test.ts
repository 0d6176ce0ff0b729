import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import type { Call } from '../../../src/proxy/call.ts';
import { idempotencyOf } from '../../../src/proxy/idempotent-calls.ts';
import type { OutgoingBody } from '../../../src/proxy/read-request.ts';
import { ASKED, Client, aDesk } from './idempotent-parts.ts';
import type { Work } from './idempotent-parts.ts';

describe('the first call', () => {
  test('gets its answer as the work writes it', async () => {
    const { work, ask } = aDesk();
    const { client, outcome } = ask();
    expect(work.call).toMatchObject({ id: client.call.id, headers: client.call.headers });
    expect(work.call.sink.isStarted).toBe(false);
    work.head(200, { 'content-type': 'text/plain' });
    expect(work.call.sink.isStarted).toBe(true);
    expect(work.write('a')).toBe(true);
    work.end('b');
    work.resolve();
    expect(await outcome).toBe('ok');
    expect(client.told).toEqual(['head 200', 'a', 'end b']);
    expect(client.headers).toEqual({
      'x-request-id': client.call.id,
      'content-type': 'text/plain',
    });
  });

  test.each(['client_gone', 'deadline', 'draining'])(
    'that is over already by %s starts nothing',
    async (reason) => {
      const { work, ask } = aDesk();
      const client = new Client();
      client.leave(reason);
      expect(await ask(ASKED, client).outcome).not.toBe('ok');
      expect(work.runs).toBe(0);
    },
  );
});

describe('failure', () => {
  test('before the head is told to all alike, and a retry tries anew', async () => {
    const { work, ask } = aDesk();
    const asked = [ask(), ask(), ask()];
    const error = new GatewayError('upstream_error', 'Bad gateway');
    work.reject(error);
    const seen = await Promise.all(
      asked.map(({ over }) => over.catch((thrown: unknown) => thrown)),
    );
    for (const thrown of seen) expect(thrown).toBe(error);
    for (const { client } of asked) expect(client.told).toEqual([]);
    const retry = ask();
    expect(work.runs).toBe(2);
    work.answer('fine');
    expect(await retry.outcome).toBe('ok');
  });

  test('after the head is told too, and nothing is stored', async () => {
    const { work, ask, isStored } = aDesk();
    const asked = [ask(), ask()];
    work.head();
    work.end('half');
    work.reject(new GatewayError('storage_unavailable', 'disk'));
    for (const { outcome } of asked) expect(await outcome).toBe('storage_unavailable');
    expect(await isStored()).toBe(false);
  });

  test('at once, before anything was awaited, is no different', async () => {
    const { calls, ask, work } = aDesk();
    const error = new GatewayError('rate_limit_exceeded', 'slow down');
    const refuse = () => {
      throw error;
    };
    await expect(calls.run(new Client().call, ASKED, refuse)).rejects.toBe(error);
    ask();
    expect(work.runs).toBe(1);
  });
});

describe('a call that comes after the end', () => {
  test('gets the stored answer, marked, with the request id that finds the record', async () => {
    const { work, ask } = aDesk();
    const first = ask();
    work.head(201, { 'content-type': 'application/json' });
    work.write('{"a":');
    work.end('1}');
    work.resolve();
    await first.outcome;
    for (let again = 0; again < 2; again += 1) {
      const { client, outcome } = ask();
      expect(await outcome).toBe('ok');
      expect(client.told).toEqual(['head 201', 'end {"a":1}']);
      expect(client.headers).toEqual({ ...first.client.headers, 'idempotent-replayed': 'true' });
    }
    expect(first.client.headers['idempotent-replayed']).toBeUndefined();
    expect(work.runs).toBe(1);
  });

  test('is refused if it asks for something else', async () => {
    const { work, ask, isStored } = aDesk();
    const first = ask();
    work.answer('a');
    await first.outcome;
    await expect(ask({ ...ASKED, fingerprint: 'f2' }).over).rejects.toMatchObject({
      code: 'conflict',
      param: 'idempotency-key',
    });
    expect(await isStored()).toBe(true);
  });

  test.each([
    [200, true],
    [201, true],
    [400, true],
    [402, true],
    [404, true],
    [408, false],
    [409, false],
    [422, true],
    [425, false],
    [429, false],
    [500, false],
    [503, false],
  ])('of an answer with status %i finds it stored: %s', async (status, isKept) => {
    const { work, ask, isStored } = aDesk();
    const { outcome } = ask();
    work.answer('a', status);
    await outcome;
    expect(await isStored()).toBe(isKept);
  });

  test.each<[string, (work: Work) => void]>([
    [
      'that the work calls broken',
      (work) => {
        work.end('data: {"error":{}}\n\n');
        work.resolve(false);
      },
    ],
    [
      'that was cut',
      (work) => {
        work.call.sink.destroy();
        work.resolve();
      },
    ],
    ['that was never ended', (work) => work.resolve()],
  ])('finds no answer %s', async (_name, finish) => {
    const { work, ask, isStored } = aDesk();
    const { outcome } = ask();
    work.head();
    work.write('a');
    finish(work);
    expect(await outcome).toBe('ok');
    expect(await isStored()).toBe(false);
  });

  test('of work that answered nothing finds nothing', async () => {
    const { work, ask, isStored } = aDesk();
    const { outcome } = ask();
    work.resolve();
    expect(await outcome).toBe('ok');
    expect(await isStored()).toBe(false);
  });
});

const bytes = (text: string): OutgoingBody => ({ kind: 'bytes', bytes: Buffer.from(text) });
const of = (
  headers: Call['headers'],
  body: OutgoingBody = bytes('{}'),
  {
    keyId = 'k1',
    hidesUsage = false,
    ...changed
  }: Partial<Call> & { keyId?: string; hidesUsage?: boolean } = {},
) => idempotencyOf({ ...new Client(headers).call, ...changed }, keyId, { body, hidesUsage });
const KEY = { 'idempotency-key': 'abc' };

const form = (boundary: string, value: string, type = `boundary=${boundary}`) =>
  of(
    { ...KEY, 'content-type': `multipart/form-data; ${type}` },
    bytes(
      `--${boundary}\r\ncontent-disposition: form-data; name="model"\r\n\r\n${value}\r\n--${boundary}--\r\n`,
    ),
  )?.fingerprint;

const STREAMED: OutgoingBody = {
  kind: 'stream',
  head: [],
  rest: { violation: null, async *[Symbol.asyncIterator]() {} },
  grownBy: 0,
};

describe('what makes calls the same', () => {
  test('is nothing without the header, nor for a body that passes through unread', () => {
    expect(of({})).toBeNull();
    expect(of(KEY, STREAMED)).toBeNull();
  });

  test('is the virtual key and the idempotency key, and the request', () => {
    expect(of(KEY)).toEqual(of(KEY));
    expect(of(KEY, { kind: 'none' })).toEqual(of(KEY, { kind: 'none' }));
    expect(of(KEY)?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    const scopes = [of(KEY), of(KEY, undefined, { keyId: 'k2' }), of({ 'idempotency-key': 'ab' })];
    expect(new Set(scopes.map((one) => one?.scope)).size).toBe(3);
  });

  test.each<[string, ReturnType<typeof of>]>([
    ['body', of(KEY, bytes('{ }'))],
    ['lack of a body', of(KEY, { kind: 'none' })],
    ['method', of(KEY, undefined, { method: 'PUT' })],
    ['path', of(KEY, undefined, { path: '/v1/embeddings' })],
    ['query', of(KEY, undefined, { query: '?a=1' })],
    ['wish for the usage event', of(KEY, undefined, { hidesUsage: true })],
  ])('another %s is another request', (_name, other) => {
    expect(other?.scope).toBe(of(KEY)?.scope);
    expect(other?.fingerprint).not.toBe(of(KEY)?.fingerprint);
  });

  test('is also whose credential came along, which nobody can read from it', () => {
    const names = ['x-openai-key', 'x-gemini-key'];
    const scopeOf = (own: Call['headers']) => {
      const { call } = new Client({ ...KEY, ...own });
      return idempotencyOf(call, 'k1', { body: bytes('{}'), hidesUsage: false }, names)?.scope;
    };
    expect(scopeOf({})).toBe(of(KEY)?.scope);
    expect(scopeOf({ 'x-other': 'a' })).toBe(of(KEY)?.scope);
    expect(scopeOf({ 'x-openai-key': 'secret-a' })).toBe(scopeOf({ 'x-openai-key': 'secret-a' }));
    expect(scopeOf({ 'x-openai-key': 'secret-a' })).not.toContain('secret-a');
    const scopes = [
      {},
      { 'x-openai-key': 'secret-a' },
      { 'x-openai-key': 'secret-b' },
      { 'x-gemini-key': 'secret-a' },
      { 'x-openai-key': 'secret-a', 'x-gemini-key': 'secret-a' },
    ].map(scopeOf);
    expect(new Set(scopes).size).toBe(5);
  });

  test('the same form is the same request, though its boundary is drawn anew', () => {
    expect(form('x1', 'm')).toBe(form('y2', 'm'));
    expect(form('x1', 'm')).toBe(form('y 3', 'm', 'boundary="y 3"'));
    expect(form('x1', 'm')).not.toBe(form('x1', 'n'));
  });

  test.each<[string, string | string[]]>([
    ['empty', ''],
    ['too long', 'x'.repeat(256)],
    ['two', ['a', 'b']],
    ['two in one', 'a, b'],
    ['with a control character', 'a\tb'],
    ['not ASCII', 'ключ'],
  ])('a key that is %s is refused', (_name, key) => {
    for (const body of [bytes('{}'), STREAMED]) {
      expect(() => of({ 'idempotency-key': key }, body)).toThrow(
        expect.objectContaining({ code: 'invalid_request', param: 'idempotency-key' }),
      );
    }
  });

  test('a key of 255 visible characters is fine', () => {
    expect(of({ 'idempotency-key': '~'.repeat(255) })).not.toBeNull();
  });
});
