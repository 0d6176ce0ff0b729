import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { audioSpeech } from '../../../src/proxy/endpoints/audio.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import type { Endpoint } from '../../../src/proxy/endpoints/endpoint.ts';
import type { Failure } from '../../../src/proxy/exchange.ts';
import { openAnswer } from '../../../src/proxy/open-answer.ts';
import type { Opened } from '../../../src/proxy/open-answer.ts';
import { HandClock, anUpstream, cut, settled } from './fixture.ts';

const SSE = 'text/event-stream; charset=utf-8';
const JSON_TYPE = 'application/json';
const LIMIT = '{"error":{"message":"x","type":"tokens","code":"rate_limit_exceeded"}}';
const TYPED = '{"type":"error","code":"rate_limit_exceeded","message":"x"}';
const LATE = { status: 429, code: 'rate_limit_exceeded' };

interface Played {
  type?: string | undefined;
  headers?: Record<string, string>;
  endpoint?: Endpoint;
  /** A stream was asked for. */
  isStream?: boolean;
  ending?: 'end' | 'lose' | 'none';
  /** Pieces that come before anybody looks at the answer. */
  early?: number;
  /** Whoever waits has its turn between two pieces. */
  isSlow?: boolean;
}

/** What an answer in these pieces is taken for, and what a consumer behind that still sees of it. */
async function play(pieces: readonly Buffer[], played: Played = {}) {
  const { type, headers = {}, endpoint = chatCompletions, ending = 'end', early = 0 } = played;
  const { isStream = false } = played;
  const clock = new HandClock();
  const upstream = anUpstream(clock);
  const { exchange } = upstream;
  upstream.head(200, { ...(type === undefined ? {} : { 'content-type': type }), ...headers });
  for (const piece of pieces.slice(0, early)) upstream.data(piece);
  const over = { ending: 'none' as Failure | 'end' | 'none' };
  const seen: Buffer[] = [];
  const expected = { endpoint, patience: { clock, ms: null }, isStream };
  const opening = openAnswer(exchange, expected).then((opened) => {
    const isLeft = opened.form === 'stream' || opened.form === 'opaque';
    if (!isLeft) return opened;
    exchange.consume({
      chunk: (bytes) => void seen.push(bytes),
      end: () => void (over.ending = 'end'),
      fail: (failure) => void (over.ending = failure),
    });
    return opened;
  });
  for (const piece of pieces.slice(early)) {
    if (played.isSlow === true) await settled();
    upstream.data(piece);
  }
  if (ending === 'end') upstream.end();
  if (ending === 'lose') upstream.lose();
  const opened = await Promise.race([opening, settled().then(() => 'waiting' as const)]);
  return {
    opened,
    seen: Buffer.concat(seen).toString('latin1'),
    over: over.ending,
    upstream,
    clock,
  };
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What it is, without the bytes. */
const formOf = (opened: Opened | 'waiting') => {
  if (opened === 'waiting') return 'waiting';
  if (opened.form === 'error') return `error ${opened.error.status} ${opened.error.code}`;
  if (opened.form === 'opaque') return `opaque ${opened.isJson}`;
  return opened.form === 'failed' ? `failed ${opened.failure}` : opened.form;
};

const CHUNK = 'data: {"choices":[{"delta":{"content":"error"}}]}';
const STREAMS: [string, string][] = [
  ['LF', `${CHUNK}\n\ndata: [DONE]\n\n`],
  ['CRLF', `${CHUNK}\r\n\r\ndata: [DONE]\r\n\r\n`],
  ['CR', `${CHUNK}\r\rdata: [DONE]\r\r`],
  ['a byte order mark', `\xef\xbb\xbf${CHUNK}\n\ndata: [DONE]\n\n`],
  ['comments first', `: ping\n\n: error\n\n:\n\n${CHUNK}\n\n`],
  ['an event without data first', `retry: 10\n\nevent: x\n\n${CHUNK}\n\n`],
  ['a typed event', 'event: response.created\ndata: {"type":"response.created"}\n\n'],
  ['data in several lines', 'data: {"choices":\ndata: [{}]}\n\n'],
  ['an answer with an error in it', 'data: {"object":"response","error":{"code":"x"}}\n\n'],
  ['an error that is null', 'data: {"error":null}\n\n'],
  ['an error behind content', `${CHUNK}\n\ndata: ${LIMIT}\n\n`],
  ['what is no JSON', 'data: error {\n\n'],
  ['empty data', 'data:\n\ndata: x\n\n'],
  ['[DONE] alone', 'data: [DONE]\n\n'],
  ['a last event that is cut', `${CHUNK}\n\ndata: {"cho`],
];
const STREAM_ERRORS: [string, string][] = [
  ['an error', `data: ${LIMIT}\n\n`],
  ['an error, then more', `data: ${LIMIT}\n\ndata: [DONE]\n\n`],
  ['an error behind comments', `: ping\n\n: ping\n\ndata: ${LIMIT}\n\n`],
  ['an error with a type', `event: error\ndata: ${TYPED}\n\n`],
  ['an error in several lines', `data: ${LIMIT.replace(',', ',\ndata: ')}\r\n\r\n`],
  ['an error under CRLF', `event: error\r\ndata: ${LIMIT}\r\n\r\n`],
];
const NO_STREAMS: [string, string][] = [
  ['nothing', ''],
  ['comments alone', ': ping\n\n: ping\n\n'],
  ['an event that is cut', 'data: {"choices":[]}'],
  ['an error that is cut', `data: ${LIMIT}\n`],
];
const WHOLE: [string, string][] = [
  ['an object', '{"choices":[{"message":{"content":"error"}}]}'],
  ['blanks around it', ' \r\n\t{"a": 1}\n'],
  ['an object with an error in it', '{"object":"response","error":{"code":"x"}}'],
  ['an error that is null', '{"error":null,"data":[]}'],
  ['a list', '[{"error":{"code":"x"}}]'],
  ['half an object', '{"error":'],
];

/** Every cut into two, and one byte at a time. */
function* splits(text: string): Generator<Buffer[]> {
  const bytes = bytesOf(text);
  yield bytes.length === 0 ? [] : [bytes];
  for (let at = 1; at < bytes.length; at += 1) yield cut(bytes, [at]);
  yield cut(bytes, [...bytes.keys()].slice(1));
}

const PACES: Played[] = [{}, { isSlow: true }, { early: 1 }, { early: Infinity }];

/** The same for every split and pace. */
async function expectForm(text: string, played: Played, form: string, seen: string) {
  for (const pieces of splits(text)) {
    for (const pace of PACES) {
      const { opened, ...after } = await play(pieces, { ...played, ...pace });
      expect([formOf(opened), after.seen]).toEqual([form, seen]);
    }
  }
}

describe('a stream', () => {
  for (const type of [SSE, undefined, 'text/plain']) {
    const isLabelled = type === SSE;
    const cases = isLabelled ? STREAMS : STREAMS.filter(([, text]) => !text.startsWith('\xef'));
    test.each(cases)(`(${type}) that begins well goes on whole: %s`, async (_name, text) => {
      await expectForm(text, { type }, 'stream', text);
    });

    test.each(STREAM_ERRORS)(
      `(${type}) is an error if that is its first event: %s`,
      async (_name, text) => {
        await expectForm(text, { type }, 'error 429 rate_limit_exceeded', '');
      },
    );
  }

  test.each(NO_STREAMS)('that ends before its first event has failed: %s', async (_name, text) => {
    await expectForm(text, { type: SSE }, 'failed lost', '');
    await expectForm(text, { type: SSE, ending: 'lose' }, 'failed lost', '');
  });

  test('that breaks off behind its first event is one, and its consumer is told', async () => {
    const text = `${CHUNK}\n\ndata: {`;
    for (const pieces of splits(text)) {
      const { opened, seen, over } = await play(pieces, { type: SSE, ending: 'lose' });
      expect([formOf(opened), seen, over]).toEqual(['stream', text, 'lost']);
    }
  });

  test('an error tells its event, so that it can be handed back', async () => {
    const { opened } = await play([bytesOf(`: x\n\ndata: ${LIMIT}\n\n`)], { type: SSE });
    expect(opened).toEqual({ form: 'error', error: LATE, body: Buffer.from(LIMIT) });
  });

  test('of comments is looked at for 64 KiB, not for ever', async () => {
    const comment = bytesOf(`: ${'x'.repeat(1000)}\n\n`);
    const comments = (count: number) => Array.from({ length: count }, () => comment);
    const few = await play(comments(65), { type: SSE, ending: 'none' });
    expect(few.opened).toBe('waiting');
    const many = await play(comments(66), { type: SSE, ending: 'none' });
    expect([formOf(many.opened), many.seen]).toEqual(['stream', String(comment).repeat(66)]);
  });

  test('whose first event is too long for anybody to read is left to its relay', async () => {
    const text = `data: ${'x'.repeat(5 * 1024 * 1024)}`;
    for (const pieces of [[bytesOf(text)], cut(bytesOf(text), [60_000])]) {
      const { opened, seen } = await play(pieces, { type: SSE });
      expect([formOf(opened), seen === text]).toEqual(['stream', true]);
    }
  });

  test('is paused while nobody takes it, so that nothing piles up', async () => {
    const upstream = anUpstream();
    upstream.head(200, { 'content-type': SSE });
    const patience = { clock: new HandClock(), ms: null };
    const opening = openAnswer(upstream.exchange, { endpoint: chatCompletions, patience });
    upstream.data(`${CHUNK}\n\n`);
    expect(upstream.asked.at(-1)).toBe('pause');
    await opening;
    expect(upstream.asked.at(-1)).toBe('pause');
  });
});

const begin = (text: string, type = SSE) => {
  const clock = new HandClock();
  const upstream = anUpstream(clock);
  upstream.head(200, { 'content-type': type });
  const patience = { clock, ms: 5000 };
  const opening = openAnswer(upstream.exchange, { endpoint: chatCompletions, patience });
  if (text !== '') upstream.data(text);
  const opened = () => Promise.race([opening, settled().then(() => 'waiting' as const)]);
  return { clock, upstream, opened };
};

describe('a client’s patience with a silent stream', () => {
  test.each(['', ': ping\n\n', 'data: {"err'])(
    'has an end, at which it begins (%j)',
    async (text) => {
      const { clock, upstream, opened } = begin(text);
      clock.advance(4999);
      expect(await opened()).toBe('waiting');
      clock.advance(1);
      expect(await opened()).toEqual({ form: 'stream' });
      // What was looked at is the consumer's, and so is what follows.
      upstream.data('more');
      const seen: string[] = [];
      upstream.exchange.consume({
        chunk: (bytes) => void seen.push(String(bytes)),
        end: () => void seen.push('end'),
        fail: () => void seen.push('fail'),
      });
      upstream.end();
      expect(seen).toEqual([...(text === '' ? [] : [text]), 'more', 'end']);
    },
  );

  test('is not asked for once the first event is there, and leaves no timer behind', async () => {
    for (const text of [`${CHUNK}\n\n`, `data: ${LIMIT}\n\n`]) {
      const { clock, upstream, opened } = begin(text);
      expect(await opened()).not.toBe('waiting');
      upstream.end();
      expect(clock.waiting).toBe(0);
    }
  });

  test('does not turn an answer that is no stream into one', async () => {
    const { clock, opened } = begin('{"a":', JSON_TYPE);
    clock.advance(5000);
    expect(await opened()).toBe('waiting');
  });
});

describe('JSON', () => {
  for (const type of [JSON_TYPE, 'Application/JSON; charset=utf-8', undefined]) {
    test.each(WHOLE)(`(${type}) is held back until it is whole: %s`, async (_name, text) => {
      for (const pieces of splits(text)) {
        const { opened } = await play(pieces, type === undefined ? {} : { type });
        expect(opened).toEqual({ form: 'whole', body: bytesOf(text), failure: null });
      }
    });

    test(`(${type}) that is but an error is one`, async () => {
      for (const pieces of splits(LIMIT)) {
        const { opened } = await play(pieces, type === undefined ? {} : { type });
        expect(opened).toEqual({ form: 'error', error: LATE, body: bytesOf(LIMIT) });
      }
    });
  }

  test('waits for its end', async () => {
    const { opened } = await play([bytesOf('{"a":1}')], { type: JSON_TYPE, ending: 'none' });
    expect(opened).toBe('waiting');
  });

  test('without anything in it is whole, too', async () => {
    const { opened } = await play([], { type: JSON_TYPE });
    expect(opened).toEqual({ form: 'whole', body: Buffer.alloc(0), failure: null });
  });

  test('that is cut has failed', async () => {
    const { opened } = await play([bytesOf('{"a":1')], { type: JSON_TYPE, ending: 'lose' });
    expect(opened).toEqual({ form: 'failed', failure: 'lost' });
  });

  test.each<[Failure, string, object]>([
    ['client_gone', '{"a":', { form: 'whole', body: bytesOf('{"a":'), failure: 'client_gone' }],
    ['client_gone', '', { form: 'failed', failure: 'client_gone' }],
    ['deadline', '{"a":', { form: 'failed', failure: 'deadline' }],
    ['idle_timeout', '{"a":', { form: 'failed', failure: 'idle_timeout' }],
    ['draining', '{"a":', { form: 'failed', failure: 'draining' }],
  ])('that ends by %s behind %j', async (failure, text, expected) => {
    const upstream = anUpstream();
    upstream.head(200, { 'content-type': JSON_TYPE });
    const patience = { clock: new HandClock(), ms: null };
    const opening = openAnswer(upstream.exchange, { endpoint: chatCompletions, patience });
    if (text !== '') upstream.data(text);
    upstream.exchange.abort(failure);
    expect(await opening).toEqual(expected);
  });

  test('is passed through where it is longer than 256 KiB', async () => {
    const text = `{"error":${'x'.repeat(256 * 1024 - 9)}`;
    const held = await play([bytesOf(text)], { type: JSON_TYPE });
    expect(formOf(held.opened)).toBe('whole');
    for (const pieces of [
      [bytesOf(`${text}y`)],
      cut(bytesOf(`${text}y`), [1, 9000]),
      [bytesOf(text), bytesOf('y')],
    ]) {
      const { opened, seen, over } = await play(pieces, { type: JSON_TYPE });
      expect([formOf(opened), seen === `${text}y`, over]).toEqual(['opaque true', true, 'end']);
    }
  });
});

describe('under the other’s label', () => {
  test.each(STREAMS.filter(([, text]) => !text.startsWith('\xef')))(
    'a stream that was asked for is one, whole: %s',
    async (_name, text) => {
      await expectForm(text, { type: JSON_TYPE, isStream: true }, 'stream', text);
    },
  );

  test.each(STREAM_ERRORS)('it is an error all the same: %s', async (_name, text) => {
    await expectForm(
      text,
      { type: JSON_TYPE, isStream: true },
      'error 429 rate_limit_exceeded',
      '',
    );
  });

  test('JSON that came for a stream is JSON, and its error an error', async () => {
    for (const type of [JSON_TYPE, SSE]) {
      for (const [text, form] of [
        ['{"choices":[{}]}', { form: 'whole', body: bytesOf('{"choices":[{}]}'), failure: null }],
        [
          '{"choices":\n\n[{}]}',
          { form: 'whole', body: bytesOf('{"choices":\n\n[{}]}'), failure: null },
        ],
        [LIMIT, { form: 'error', error: LATE, body: bytesOf(LIMIT) }],
      ] as const) {
        for (const pieces of splits(text)) {
          expect((await play(pieces, { type, isStream: true })).opened).toEqual(form);
        }
      }
    }
  });

  test('a stream that nobody asked for is not looked for in JSON', async () => {
    const { opened } = await play([bytesOf('data: x\n\n')], { type: JSON_TYPE });
    expect(formOf(opened)).toBe('whole');
  });

  test('nor where the endpoint may answer anything', async () => {
    const played = { type: JSON_TYPE, isStream: true, endpoint: audioSpeech };
    expect(formOf((await play([bytesOf('data: x\n\n')], played)).opened)).toBe('whole');
  });
});

const blanks = (count: number) => Array.from({ length: count }, () => bytesOf(' '.repeat(1024)));

describe('anything else', () => {
  test('is passed through where the endpoint answers more than JSON and streams', async () => {
    for (const type of ['audio/mpeg', 'text/html', undefined]) {
      await expectForm('{"sound"', { type, endpoint: audioSpeech }, 'opaque false', '{"sound"');
    }
  });

  test.each([
    ['a page', '<html>{"choices":[]}</html>'],
    ['words', 'error: no upstream'],
    ['words that begin like a field', 'database: down'],
    ['a number', '17'],
    ['nothing', ''],
    ['blanks', ' \r\n '],
  ])('cannot be read where it does not: %s', async (_name, text) => {
    for (const type of ['text/html', 'text/plain', undefined]) {
      for (const pieces of splits(text)) {
        const { opened } = await play(pieces, { type });
        expect(opened).toEqual({ form: 'unreadable' });
      }
    }
  });

  test('that is not told apart yet is waited for, and no longer than that takes', async () => {
    for (const [text, form] of [
      ['', 'waiting'],
      ['\n \n', 'waiting'],
      ['d', 'waiting'],
      ['retry', 'waiting'],
      ['{', 'waiting'],
      ['dat4', 'unreadable'],
      ['<', 'unreadable'],
      ['x', 'unreadable'],
    ] as const) {
      const { opened } = await play([bytesOf(text)], { ending: 'none' });
      expect([text, formOf(opened)]).toEqual([text, form]);
    }
  });

  test('that is blank for more than 64 KiB is not waited for', async () => {
    expect(formOf((await play(blanks(64), { ending: 'none' })).opened)).toBe('waiting');
    expect(formOf((await play(blanks(65), { ending: 'none' })).opened)).toBe('unreadable');
  });

  test('that breaks off before it can be told apart has failed', async () => {
    for (const text of ['', ' ', 'da']) {
      const { opened } = await play([bytesOf(text)], { ending: 'lose' });
      expect(opened).toEqual({ form: 'failed', failure: 'lost' });
    }
  });

  test.each(['gzip', 'br', 'gzip, gzip', 'zstd', 'GZIP'])(
    'compressed by %s cannot be read',
    async (coding) => {
      for (const type of [SSE, JSON_TYPE, 'audio/mpeg']) {
        const { opened } = await play([bytesOf(`${CHUNK}\n\n`)], {
          type,
          endpoint: audioSpeech,
          headers: { 'content-encoding': coding },
        });
        expect(opened).toEqual({ form: 'unreadable' });
      }
    },
  );

  test.each(['identity', ''])('compressed by %j is not compressed', async (coding) => {
    const headers = { 'content-encoding': coding };
    expect(formOf((await play([bytesOf('{}')], { type: JSON_TYPE, headers })).opened)).toBe(
      'whole',
    );
  });
});

test('whatever the chunks, the next consumer sees exactly the upstream’s bytes', async () => {
  const text = fc.oneof(
    fc.constantFrom(...[...STREAMS, ...WHOLE].map(([, known]) => known)),
    fc
      .array(
        fc.constantFrom('data: ', 'x', '{', '\n', '\n\n', '\r\n', '\r', ': c', '{"error":{}}', ' '),
        {
          maxLength: 30,
        },
      )
      .map((parts) => parts.join('')),
  );
  const pace = fc.record({
    isSlow: fc.boolean(),
    isStream: fc.boolean(),
    early: fc.nat(4),
    ending: fc.constantFrom('end' as const, 'lose' as const),
    type: fc.constantFrom(SSE, JSON_TYPE, 'audio/mpeg', 'text/plain', undefined),
    endpoint: fc.constantFrom(chatCompletions, audioSpeech),
  });
  const body = fc.tuple(text, fc.array(fc.nat(200), { maxLength: 8 })).map(([whole, places]) => {
    const inside = [...new Set(places)].filter((place) => place > 0 && place < whole.length);
    return {
      whole,
      pieces: cut(
        bytesOf(whole),
        inside.toSorted((one, other) => one - other),
      ),
    };
  });
  const property = fc.asyncProperty(body, pace, async ({ whole, pieces }, played) => {
    const { opened, seen, over } = await play(pieces, played);
    const inOne = await play([bytesOf(whole)], { ...played, early: 0, isSlow: false });
    expect(formOf(opened)).toBe(formOf(inOne.opened));
    if (opened === 'waiting') throw new Error('An answer that is over is known.');
    if (opened.form === 'whole') expect(opened.body.toString('latin1')).toBe(whole);
    if (opened.form !== 'stream' && opened.form !== 'opaque') return;
    expect(seen).toBe(whole);
    expect(over).toBe(played.ending === 'end' ? 'end' : 'lost');
  });
  await fc.assert(property, { numRuns: 500 });
});
