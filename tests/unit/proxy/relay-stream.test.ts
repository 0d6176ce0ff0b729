import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { noUsage } from '../../../src/entities/usage.ts';
import type { Usage } from '../../../src/entities/usage.ts';
import { SseEvent, SseSplitter } from '../../../src/lib/sse.ts';
import type { Effect } from '../../../src/pool/effect.ts';
import type { Delivered, Delivery } from '../../../src/proxy/delivery.ts';
import { imagesGenerations } from '../../../src/proxy/endpoints/images.ts';
import { responses } from '../../../src/proxy/endpoints/responses.ts';
import type { Failure } from '../../../src/proxy/exchange.ts';
import { relayStream } from '../../../src/proxy/relay-stream.ts';
import { aDelivery, cut, settled } from './fixture.ts';

const HEARTBEAT = ': keep-alive\n\n';
const DONE = 'data: [DONE]\n\n';

const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const says = (content: string, facts: object = {}) =>
  event({ model: 'm', choices: [{ delta: { content } }], ...facts });
const STOP = event({ model: 'm', choices: [{ delta: {}, finish_reason: 'stop' }] });
const USAGE = event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } });
const TOLD = { ...noUsage(), input: 3, output: 2 };
const WHOLE = says('a') + says('b') + STOP + USAGE + DONE;

const BROKEN: Effect = { kind: 'origin', isWhole: false, ms: null };
const NONE: Effect = { kind: 'none' };

/** A stream that is being delivered. */
async function begin(given: Partial<Delivery> = {}, early = '') {
  const made = aDelivery(given);
  if (early !== '') made.data(early);
  const delivered = relayStream(made.delivery);
  delivered.catch(() => undefined);
  await settled();
  return { ...made, delivered };
}

/** The whole of one. */
async function relayed(
  text: string,
  how: 'end' | 'lose' | Failure = 'end',
  given?: Partial<Delivery>,
) {
  const made = await begin(given);
  made.data(text);
  if (how === 'end' || how === 'lose') made[how]();
  else made.exchange.abort(how);
  const result = await made.delivered;
  return { ...made, result, reason: result.reason, usage: result.usage };
}

const errorOf = (code: string) => expect.stringMatching(new RegExp(`"code":"${code}"\\}\\}\n\n$`));

describe('a whole stream', () => {
  test('goes out byte for byte, and is charged as it says', async () => {
    const { client, result } = await relayed(WHOLE);
    expect([client.body, client.ending]).toEqual([WHOLE, 'ended']);
    expect(result).toEqual({
      status: 200,
      outcome: 'settled',
      reason: 'ok',
      isStream: true,
      effect: { kind: 'served' },
      anomalies: [],
      usage: TOLD,
      usageSource: 'reported',
    });
  });

  test('is labelled as one, and kept by nobody in between', async () => {
    const { client } = await relayed(WHOLE);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
  });

  test('goes out in the same bytes however it came', async () => {
    const bytes = Buffer.from(WHOLE);
    for (let at = 1; at < bytes.length; at += 1) {
      const { client, data, end, delivered } = await begin();
      for (const piece of cut(bytes, [at])) data(piece);
      end();
      expect((await delivered).outcome).toBe('settled');
      expect(client.body).toBe(WHOLE);
    }
  });

  test('is over with its last event, whatever follows, and its upstream has a second to end', async () => {
    const { client, data, clock, asked, delivered } = await begin();
    data(`${WHOLE}${says('more')}`);
    expect((await delivered).outcome).toBe('settled');
    data(says('and more'));
    expect([client.body, client.ending]).toEqual([WHOLE, 'ended']);
    clock.advance(999);
    expect(asked).not.toContain('abort lost');
    clock.advance(1);
    expect(asked).toContain('abort lost');
  });

  test('without its [DONE] gets one', async () => {
    const text = says('a') + STOP + USAGE;
    const { client, result } = await relayed(text);
    expect([client.body, result.outcome]).toEqual([text + DONE, 'settled']);
  });

  test('whose last event lacks its blank line is whole', async () => {
    for (const rest of ['data: [DONE]', 'data: [DONE]\n', 'data: [DONE]\r\n']) {
      const { client, result } = await relayed(says('a') + STOP + rest);
      expect([client.body, result.outcome]).toEqual([`${says('a')}${STOP}${rest}\n\n`, 'settled']);
    }
  });

  test('hides the usage that only we asked for', async () => {
    const { client, usage } = await relayed(WHOLE, 'end', { hidesUsage: true });
    expect([client.body, usage]).toEqual([says('a') + says('b') + STOP + DONE, TOLD]);
  });

  test('does not hide an error that tells its usage', async () => {
    const text = event({ error: { code: 'x', message: 'y' }, usage: { prompt_tokens: 1 } });
    const { client, reason } = await relayed(says('a') + text, 'end', { hidesUsage: true });
    expect([client.body, reason]).toEqual([says('a') + text, 'upstream_error']);
  });
});

describe('a stream that breaks off', () => {
  test.each<['end' | 'lose' | Failure, code: string, Effect]>([
    ['end', 'upstream_stream_interrupted', BROKEN],
    ['lose', 'upstream_stream_interrupted', BROKEN],
    ['idle_timeout', 'stream_timeout', BROKEN],
    ['deadline', 'stream_timeout', NONE],
    ['draining', 'draining', NONE],
    ['key_revoked', 'key_revoked', NONE],
  ])('by %s ends with an error and without [DONE]: %s', async (how, code, effect) => {
    const { client, result } = await relayed(says('a'), how);
    expect(client.body).toEqual(expect.stringContaining(says('a')));
    expect(client.body).toEqual(errorOf(code));
    expect([client.body.includes('[DONE]'), client.ending]).toEqual([false, 'ended']);
    expect(result).toMatchObject({ outcome: 'partial', reason: code, effect });
  });

  test.each(['client_gone', 'client_stalled'] as const)('by %s is nobody’s fault', async (how) => {
    const { client, result } = await relayed(says('abcd'), how);
    expect(client.ending).toBe('destroyed');
    expect(result).toMatchObject({
      outcome: 'partial',
      reason: 'client_closed_request',
      effect: NONE,
      usageSource: 'estimated',
    });
  });

  test('gives out whole events only, wherever it was cut', async () => {
    const bytes = Buffer.from(WHOLE);
    const boundaries = new SseSplitter().push(bytes).map(({ raw }) => raw.toString());
    for (let at = 0; at < bytes.length - 1; at += 1) {
      const { client, result } = await relayed(bytes.subarray(0, at).toString(), 'lose');
      const ends = boundaries.map((_each, index) => boundaries.slice(0, index + 1).join(''));
      const expected = ends.findLast((whole) => whole.length <= at) ?? '';
      if (result.outcome === 'settled') {
        expect([client.body, expected.endsWith(USAGE)]).toEqual([expected + DONE, true]);
      } else {
        expect(client.body.startsWith(expected)).toBe(true);
        expect(client.body.slice(expected.length)).toEqual(errorOf('upstream_stream_interrupted'));
      }
    }
  });

  test('is charged what it told or, if it told nothing, what it produced; nothing for nothing', async () => {
    const told = await relayed(says('a') + USAGE, 'lose');
    expect(told.result).toMatchObject({ usage: TOLD, usageSource: 'reported' });
    const silent = await relayed(says('abcdefgh'.repeat(10)), 'lose');
    expect(silent.result).toMatchObject({ usageSource: 'estimated' });
    expect(silent.result.usage?.output).toBeGreaterThan(0);
    for (const nothing of [
      '',
      ': ping\n\n',
      event({ choices: [{ delta: { role: 'assistant' } }] }),
    ]) {
      expect((await relayed(nothing, 'lose')).result).toMatchObject({
        usage: null,
        usageSource: 'none',
      });
    }
  });

  test.each<[string, object, output: number]>([
    ['a picture', { images: [{ image_url: { url: 'A'.repeat(60_000) } }] }, 1024],
    ['sound', { audio: { data: 'A'.repeat(60_000), transcript: 'Hello' } }, 1024],
    ['sound with very many words', { audio: { data: 'A', transcript: 'a'.repeat(8000) } }, 2000],
    ['what nobody knows', { hologram: 'A'.repeat(60_000) }, 1024],
  ])('and has produced %s is charged as estimated', async (_name, delta, output) => {
    const { result } = await relayed(event({ choices: [{ delta }] }), 'client_gone');
    const usage = { ...noUsage(), input: 100, output };
    // What is not to be counted is null: the prompt still is.
    expect(result).toMatchObject({ usage, usageSource: 'estimated', said: null });
  });

  test.each<[string, object, Delivery['endpoint'], Partial<Usage>]>([
    [
      'sound of a response',
      { type: 'response.audio.delta', delta: 'AAAA' },
      responses,
      { input: 100, output: 1024 },
    ],
    [
      'a picture in the making',
      { type: 'image_generation.partial_image', b64_json: 'AAAA' },
      imagesGenerations,
      { images: 1 },
    ],
    [
      'arguments of a tool',
      { type: 'response.function_call_arguments.delta', delta: 'a'.repeat(400) },
      responses,
      { input: 100, output: 100 },
    ],
  ])('and has produced %s, typed, is not free', async (_name, data, endpoint, usage) => {
    const { result } = await relayed(event(data), 'client_gone', { endpoint });
    expect(result).toMatchObject({ usage: { ...noUsage(), ...usage }, usageSource: 'estimated' });
  });

  test('of a picture is charged what its provider told, if it did', async () => {
    const picture = event({ choices: [{ delta: { images: ['A'] } }] });
    const { result } = await relayed(picture + USAGE, 'lose');
    expect(result).toMatchObject({ usage: TOLD, usageSource: 'reported' });
  });

  test.each<[string, object, reason: string]>([
    [
      'a call of a function is',
      { function_call: { arguments: 'a'.repeat(40_000) } },
      'budget_exceeded',
    ],
    ['a picture is not', { images: ['A'.repeat(40_000)] }, 'client_closed_request'],
  ])('over a budget: %s taken for text', async (_name, delta, reason) => {
    const spend = { covers: (bytes: number) => bytes < 40_000 } as Delivery['spend'];
    const { result } = await relayed(event({ choices: [{ delta }] }), 'client_gone', { spend });
    expect(result.reason).toBe(reason);
  });

  test('by an event that is longer than anybody reads is cut there', async () => {
    const { client, data, asked, delivered } = await begin();
    data(says('a'));
    data(`data: ${'x'.repeat(4 * 1024 * 1024)}`);
    expect(await delivered).toMatchObject({
      outcome: 'partial',
      reason: 'upstream_stream_interrupted',
    });
    expect(client.body).toEqual(expect.stringMatching(/^data: .*\n\ndata: \{"error".*\}\n\n$/));
    expect(asked).toContain('abort lost');
  });

  test('before the call is on record is one that nobody saw', async () => {
    const durable = Promise.reject(new Error('disk'));
    durable.catch(() => undefined);
    const { client, delivered } = await begin({ ticket: { durable } as never });
    await expect(delivered).rejects.toThrow('disk');
    expect(client.isStarted).toBe(false);
  });
});

describe('an error behind content', () => {
  test.each<[object, Effect]>([
    [{ error: { code: 'rate_limit_exceeded' } }, { kind: 'cooling', ms: null }],
    [{ error: { code: 429, message: 'x' } }, { kind: 'cooling', ms: null }],
    [{ error: { code: 'insufficient_quota' } }, { kind: 'exhausted' }],
    [{ error: { code: 402 } }, { kind: 'exhausted' }],
    [{ error: { code: 'invalid_api_key' } }, { kind: 'unauthorized' }],
    [{ error: { type: 'permission_error' } }, { kind: 'forbidden' }],
    [{ error: { type: 'overloaded_error' } }, BROKEN],
    [{ error: { code: 'server_error' } }, BROKEN],
    [{ error: { message: 'x' } }, BROKEN],
    [{ error: 'x' }, BROKEN],
    [{ error: { code: 'content_filter' } }, NONE],
    [{ error: { type: 'invalid_request_error' } }, NONE],
    [
      { id: 'c', object: 'chat.completion.chunk', error: { code: 429 }, choices: [] },
      { kind: 'cooling', ms: null },
    ],
  ])('%j goes through as it is, and says: %j', async (told, effect) => {
    const text = says('a') + event(told);
    for (const how of ['end', 'lose'] as const) {
      const { client, result } = await relayed(text, how);
      expect([client.body, client.ending]).toEqual([text, 'ended']);
      expect(result).toMatchObject({ outcome: 'partial', reason: 'upstream_error', effect });
    }
  });

  test.each<[object, Effect]>([
    [
      { type: 'error', code: 'rate_limit_exceeded', message: 'x' },
      { kind: 'cooling', ms: null },
    ],
    [{ type: 'error', error: { code: 'insufficient_quota' } }, { kind: 'exhausted' }],
    [{ type: 'response.failed', response: { error: { code: 'server_error' } } }, BROKEN],
    [
      { type: 'response.failed', response: { error: { code: 'rate_limit_exceeded' } } },
      { kind: 'cooling', ms: null },
    ],
    [{ type: 'response.failed', response: {} }, BROKEN],
  ])('of the Responses API %j says: %j', async (told, effect) => {
    const text = event({ type: 'response.output_text.delta', delta: 'a' }) + event(told);
    const { client, result } = await relayed(text, 'end', { endpoint: responses });
    expect(client.body).toBe(text);
    expect(result).toMatchObject({ outcome: 'partial', reason: 'upstream_error', effect });
  });

  test('is not undone by a [DONE]', async () => {
    const text = says('a') + event({ error: { code: 'x' } }) + DONE;
    const { client, result } = await relayed(text);
    expect([client.body, result.outcome]).toEqual([text, 'partial']);
  });

  test('that lacks its blank line is told with one, so that it can be read', async () => {
    const error = event({ error: { code: 'rate_limit_exceeded' } });
    for (const rest of [error.slice(0, -2), error.slice(0, -1)]) {
      const { client, result } = await relayed(says('a') + rest);
      const seen = new SseSplitter().push(Buffer.from(client.body));
      expect(seen.flatMap(({ data }) => data ?? [])).toEqual([
        says('a').slice('data: '.length, -2),
        error.slice('data: '.length, -2),
      ]);
      expect(result).toMatchObject({ reason: 'upstream_error', effect: { kind: 'cooling' } });
    }
  });

  test('that is cut is not there, and the client is told of the cut', async () => {
    const error = event({ error: { code: 'rate_limit_exceeded' } });
    const { client, reason } = await relayed(says('a') + error.slice(0, -9));
    expect([client.body.startsWith(`${says('a')}data: {"error":`), reason]).toEqual([
      true,
      'upstream_stream_interrupted',
    ]);
  });

  test('behind which a further event is cut is the last that is told', async () => {
    const text = says('a') + event({ error: { code: 'x' } });
    expect((await relayed(`${text}data: {"half`)).client.body).toBe(text);
  });
});

describe('our secret', () => {
  const quoting = (facts: object) =>
    event({ ...facts, note: 'the key sk-of-the-credential is bad' });

  test.each<[string, string]>([
    ['an error', quoting({ error: { code: 'invalid_api_key', message: 'sk-of-the-credential' } })],
    ['an error in words', quoting({ error: 'sk-of-the-credential' })],
    ['another field of it', `event: sk-of-the-credential\n${event({ error: { code: 'x' } })}`],
  ])('is not told by %s', async (_name, text) => {
    for (const all of [text, says('a') + text]) {
      const { client, result } = await relayed(all);
      expect(client.body).not.toContain('sk-of-the-credential');
      expect(client.body).toEqual(errorOf('upstream_error'));
      expect(result).toMatchObject({ outcome: 'partial', reason: 'upstream_error' });
    }
  });

  test('is not told by what follows an error either', async () => {
    const { client } = await relayed(
      event({ error: { code: 'x' } }) + quoting({ choices: [] }) + DONE,
    );
    expect(client.body).not.toContain('sk-of-the-credential');
  });

  test('is not told by an error that lacks its blank line', async () => {
    const { client } = await relayed(quoting({ error: { code: 'x' } }).slice(0, -2));
    expect(client.body).not.toContain('sk-of-the-credential');
    expect(client.body).toEqual(errorOf('upstream_error'));
  });

  test('that a model happens to say is content, and content is not touched', async () => {
    const text = says('sk-of-the-credential') + STOP + DONE;
    expect((await relayed(text)).client.body).toBe(text);
  });

  test('of another credential is not ours', async () => {
    const text = event({ error: { code: 'x', message: 'sk-of-another' } });
    expect((await relayed(text)).client.body).toBe(text);
  });
});

const dataOf = (text: string) =>
  new SseSplitter().push(Buffer.from(text)).flatMap((each) => each.data ?? []);

describe('a heartbeat', () => {
  test('breaks a silence, again and again, and nothing else', async () => {
    const { client, clock, data } = await begin({ heartbeatMs: 5000 }, says('x'));
    clock.advance(4999);
    expect(client.body).toBe(says('x'));
    clock.advance(1);
    expect(client.body).toBe(says('x') + HEARTBEAT);
    for (let turn = 0; turn < 3; turn += 1) clock.advance(5000);
    const silence = says('x') + HEARTBEAT.repeat(4);
    expect(client.body).toBe(silence);
    data(says('a'));
    clock.advance(4999);
    data(says('b'));
    clock.advance(4999);
    expect(client.body).toBe(silence + says('a') + says('b'));
    clock.advance(1);
    expect(client.body).toBe(silence + says('a') + says('b') + HEARTBEAT);
  });

  test('comes at once where the stream begins without an event: a head alone is not sent', async () => {
    for (const early of ['', 'data: {"half']) {
      const { client, clock } = await begin({ heartbeatMs: 5000 }, early);
      expect(client.body).toBe(HEARTBEAT);
      clock.advance(5000);
      expect(client.body).toBe(HEARTBEAT.repeat(2));
    }
  });

  test('is never sent where the pool wants none', async () => {
    const { client, clock, exchange } = await begin();
    // The silence itself is not what ends it here.
    exchange.pause();
    clock.advance(10_000_000);
    expect(client.body).toBe('');
  });

  test('comes between events only, however long an event takes', async () => {
    const early = says('a') + says('b').slice(0, 20);
    const { client, clock, data, end, delivered } = await begin({ heartbeatMs: 5000 }, early);
    clock.advance(5000);
    data(WHOLE.slice(early.length));
    end();
    await delivered;
    expect(client.body).toBe(says('a') + HEARTBEAT + WHOLE.slice(says('a').length));
  });

  test('is broken by what the client gets, not by what is hidden from it or held back', async () => {
    const given = { heartbeatMs: 5000, hidesUsage: true };
    const { client, clock, data } = await begin(given, says('a'));
    clock.advance(3000);
    data(USAGE);
    data('data: {"half');
    clock.advance(2000);
    expect(client.body).toBe(says('a') + HEARTBEAT);
  });

  test('is no first byte', async () => {
    const { clock, data, ticket } = await begin({ heartbeatMs: 5000 });
    clock.advance(5000);
    expect(ticket.firstByteMs).toBeNull();
    clock.advance(100);
    data(says('a'));
    expect(ticket.firstByteMs).toBe(5100);
  });

  test.each(['end', 'lose', 'last event', 'abort'] as const)(
    'stops with the stream (%s)',
    async (how) => {
      const { client, clock, data, exchange, delivered, ...upstream } = await begin({
        heartbeatMs: 5000,
      });
      data(says('a'));
      if (how === 'last event') data(STOP + DONE);
      else if (how === 'abort') exchange.abort('deadline');
      else upstream[how]();
      await delivered;
      const { body } = client;
      clock.advance(60_000);
      expect(client.body).toBe(body);
      expect(clock.waiting).toBe(0);
    },
  );

  test('leaves every event whole, whenever it comes and however the stream was cut', async () => {
    const steps = fc.array(fc.oneof(fc.nat(40), fc.constant('tick' as const)), { maxLength: 60 });
    const property = fc.asyncProperty(steps, fc.boolean(), async (plan, isCut) => {
      const bytes = Buffer.from(WHOLE.replaceAll('\n', isCut ? '\r\n' : '\n'));
      const { client, clock, data, end, delivered } = await begin({ heartbeatMs: 5000 });
      let at = 0;
      for (const step of plan) {
        if (step === 'tick') clock.advance(5000);
        else data(bytes.subarray(at, (at += step)));
      }
      data(bytes.subarray(at));
      end();
      expect((await delivered).outcome).toBe('settled');
      expect(client.body.replaceAll(HEARTBEAT, '')).toBe(bytes.toString());
      expect(dataOf(client.body)).toEqual(dataOf(bytes.toString()));
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('a client that reads slowly', () => {
  test('pauses the upstream until it has caught up', async () => {
    const { client, asked, data } = await begin();
    client.isFull = true;
    data(says('a'));
    expect(asked.at(-1)).toBe('pause');
    client.drain();
    expect(asked.at(-1)).toBe('resume');
  });

  test('and not at all is given up after two minutes', async () => {
    const { client, clock, data, delivered } = await begin();
    client.isFull = true;
    data(says('a'));
    clock.advance(119_999);
    expect(client.ending).toBe('open');
    clock.advance(1);
    expect(((await delivered) satisfies Delivered).reason).toBe('client_closed_request');
  });
});

test('of an endpoint that has no stream an event stream is passed all the same', async () => {
  const { stream: _none, ...endpoint } = responses;
  const text = event({ type: 'x' });
  const { client, reason } = await relayed(text, 'end', { endpoint });
  expect([client.body.startsWith(text), reason]).toEqual([true, 'upstream_stream_interrupted']);
  expect(new SseEvent(Buffer.from(text)).data).toBe('{"type":"x"}');
});
