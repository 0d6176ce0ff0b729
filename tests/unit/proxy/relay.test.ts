import { describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import type { Delivery } from '../../../src/proxy/delivery.ts';
import { audioSpeech } from '../../../src/proxy/endpoints/audio.ts';
import { embeddings } from '../../../src/proxy/endpoints/embeddings.ts';
import { filesContent } from '../../../src/proxy/endpoints/files.ts';
import type { Failure } from '../../../src/proxy/exchange.ts';
import type { Opened } from '../../../src/proxy/open-answer.ts';
import { relay } from '../../../src/proxy/relay.ts';
import { aDelivery, settled } from './fixture.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const ANSWER = '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}';
const STREAM: Opened = { form: 'stream' };
const OPAQUE: Opened = { form: 'opaque', isJson: false };
const LONG: Opened = { form: 'opaque', isJson: true };
const BROKEN = { kind: 'origin', isWhole: false, ms: null };

const whole = (text: string, failure: Failure | null = null): Opened => ({
  form: 'whole',
  body: Buffer.from(text),
  failure,
});

const broken = () => {
  const durable = Promise.reject(new GatewayError('storage_unavailable', 'x'));
  durable.catch(() => undefined);
  return { durable } as never;
};

test.each<[string, Opened | null]>([
  ['a stream', STREAM],
  ['sound', OPAQUE],
  ['long JSON', LONG],
  ['JSON', whole(ANSWER)],
  ['anything', null],
])(
  'a hold that cannot be written ends the upstream call, and the client gets no byte of %s',
  async (_name, opened) => {
    const { delivery, data, asked, client } = aDelivery({ ticket: broken() });
    data('data: {}\n\n');
    await expect(relay(delivery, opened)).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(asked).toContain('abort lost');
    expect(client.isStarted).toBe(false);
  },
);

test.each<[string, Opened, string, isStream: boolean]>([
  ['a stream', STREAM, 'data: [DONE]\n\n', true],
  ['JSON', whole(ANSWER), ANSWER, false],
  ['long JSON', LONG, ANSWER, false],
  ['sound', OPAQUE, '\xff\x00', false],
])('%s goes out as it came', async (_name, opened, bytes, isStream) => {
  const { delivery, data, end, client } = aDelivery({ headers: JSON_HEADERS });
  if (opened.form !== 'whole') data(bytes);
  const delivered = relay(delivery, opened);
  await settled();
  if (opened.form !== 'whole') end();
  expect(await delivered).toMatchObject({
    status: 200,
    outcome: 'settled',
    reason: 'ok',
    isStream,
    effect: { kind: 'served' },
  });
  expect([client.status, client.body, client.ending]).toEqual([200, bytes, 'ended']);
});

describe('whole JSON', () => {
  test('has its own length, whatever its upstream said, and our id', async () => {
    const headers = { ...JSON_HEADERS, 'content-length': '9', 'x-request-id': 'theirs' };
    const { delivery, client } = aDelivery({ headers });
    await relay(delivery, whole('{"é":1}'));
    expect(client.headers).toMatchObject({
      'content-length': '8',
      'x-request-id': 'request-1',
      'x-upstream-request-id': 'theirs',
    });
  });

  test('is charged as it says, or as was estimated', async () => {
    const told = await relay(aDelivery().delivery, whole(ANSWER));
    expect(told).toMatchObject({ usageSource: 'reported', usage: { input: 3, output: 2 } });
    const silent = await relay(
      aDelivery().delivery,
      whole('{"choices":[{"message":{"content":"abcd"}}]}'),
    );
    expect(silent).toMatchObject({ usageSource: 'estimated', usage: { input: 100, output: 1 } });
    const free = await relay(aDelivery({ endpoint: filesContent }).delivery, whole(ANSWER));
    expect(free).toMatchObject({ usageSource: 'none', usage: null });
  });

  test('waits for the hold, and its first byte is then', async () => {
    const { promise: durable, resolve: write } = Promise.withResolvers<void>();
    const ticket = { durable, firstByteMs: null };
    const { delivery, client, clock } = aDelivery({ ticket: ticket as never });
    const delivered = relay(delivery, whole(ANSWER));
    await settled();
    expect(client.isStarted).toBe(false);
    clock.advance(70);
    write();
    await delivered;
    expect(ticket.firstByteMs).toBe(70);
  });

  test('whose client left in the middle is charged what there was of it', async () => {
    const { delivery, client } = aDelivery();
    const delivered = await relay(delivery, whole('{"choices":[', 'client_gone'));
    expect(delivered).toMatchObject({
      status: 499,
      outcome: 'partial',
      reason: 'client_closed_request',
      effect: { kind: 'none' },
      usageSource: 'estimated',
    });
    expect(client.isStarted).toBe(false);
    const nothing = await relay(aDelivery().delivery, whole('', 'client_gone'));
    expect(nothing).toMatchObject({ outcome: 'partial', usage: null });
  });

  test('whose client lost its key in the middle is told so, and charged for', async () => {
    const { delivery, client } = aDelivery();
    const delivered = await relay(delivery, whole('{"choices":[', 'key_revoked'));
    expect(delivered).toMatchObject({ status: 401, outcome: 'partial', reason: 'key_revoked' });
    expect([client.status, client.ending]).toEqual([401, 'ended']);
    expect(JSON.parse(client.body)).toMatchObject({ error: { code: 'key_revoked' } });
  });
});

/** Passed through, until it is over like this. */
async function passed(
  pieces: readonly string[],
  how: 'end' | 'lose' | Failure,
  given: Partial<Delivery> & { headers?: Record<string, string>; isJson?: boolean } = {},
) {
  const { isJson = false, ...facts } = given;
  const made = aDelivery(facts);
  const delivered = relay(made.delivery, { form: 'opaque', isJson });
  await settled();
  for (const piece of pieces) made.data(piece);
  if (how === 'end' || how === 'lose') made[how]();
  else made.exchange.abort(how);
  return { ...made, result: await delivered };
}

describe('what is passed through', () => {
  test('keeps its length where that is one', async () => {
    for (const [length, told] of [
      ['5', '5'],
      ['-5', undefined],
      ['5x', undefined],
    ] as const) {
      const { client } = await passed(['12345'], 'end', { headers: { 'content-length': length } });
      expect(client.headers['content-length']).toBe(told);
    }
  });

  test.each<['lose' | Failure, code: string, effect: object]>([
    ['lose', 'upstream_stream_interrupted', BROKEN],
    ['idle_timeout', 'stream_timeout', BROKEN],
    ['deadline', 'stream_timeout', { kind: 'none' }],
    ['client_gone', 'client_closed_request', { kind: 'none' }],
    ['draining', 'draining', { kind: 'none' }],
  ])(
    'and broken off (%s) is destroyed, so that its client sees that it is short',
    async (how, code, effect) => {
      const { client, result } = await passed(['12345'], how, { endpoint: audioSpeech });
      expect([client.body, client.ending]).toEqual(['12345', 'destroyed']);
      expect(result).toMatchObject({
        outcome: 'partial',
        reason: code,
        effect,
        usageSource: 'estimated',
      });
    },
  );

  test('and broken off before its first byte is charged nothing', async () => {
    const { result } = await passed([], 'lose', { endpoint: audioSpeech });
    expect(result).toMatchObject({ outcome: 'partial', usage: null });
  });

  test('and long JSON tells its usage last', async () => {
    const data = `{"data":[${'0,'.repeat(10_000)}0]`;
    const usage = ',"usage":{"prompt_tokens":7,"total_tokens":7}}';
    const given = { endpoint: embeddings, isJson: true };
    for (const pieces of [[data, usage], [data + usage], [data, ...usage.split('')]]) {
      const { result } = await passed(pieces, 'end', given);
      expect(result).toMatchObject({
        outcome: 'settled',
        usageSource: 'reported',
        usage: { input: 7 },
      });
    }
    const { result } = await passed([data, '}'], 'end', given);
    expect(result).toMatchObject({ outcome: 'settled', usageSource: 'estimated' });
  });

  test('and long JSON that does not close is cut, though nobody said so', async () => {
    const { client, result } = await passed(['{"data":['], 'end', { isJson: true });
    expect([client.ending, result.outcome]).toEqual(['destroyed', 'partial']);
  });

  test('pauses its upstream while its client lags', async () => {
    const { delivery, client, data, asked } = aDelivery();
    void relay(delivery, OPAQUE);
    await settled();
    client.isFull = true;
    data('1');
    expect(asked.at(-1)).toBe('pause');
    client.drain();
    expect(asked.at(-1)).toBe('resume');
  });
});
