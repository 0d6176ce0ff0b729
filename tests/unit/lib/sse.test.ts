import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type SseEvent, SseOverflowError, SseSplitter } from '../../../src/lib/sse.ts';
import { growth } from '../../support/fastest-of.ts';

function split(chunks: readonly (Buffer | string)[]) {
  const splitter = new SseSplitter();
  const events = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
  return { events, rest: splitter.rest() };
}

const withData = (events: readonly SseEvent[]) =>
  events.filter((event) => event.data !== null).map(({ data, event }) => ({ data, event }));

/** The standard's algorithm over the whole text at once, written as it reads there. */
function oracle(bytes: Buffer) {
  const whole = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const events: { data: string; event: string | null }[] = [];
  let data: string[] = [];
  let type = '';
  for (const line of whole.split(/\r\n|\r|\n/).slice(0, -1)) {
    if (line === '') {
      if (data.length > 0) events.push({ data: data.join('\n'), event: type || null });
      data = [];
      type = '';
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    if (name === 'event') type = value;
  }
  return events;
}

const LINE_ENDS = ['\n', '\r', '\r\n', '\n\n', '\r\n\r\n', '\r\r'];
const DATA_PARTS = ['data:', 'data: ', 'data', 'data:  x', 'data: {"a":1}\n\n', 'data: [DONE]\n\n'];
const OTHER_FIELDS = [': ping', ':', 'event: a', 'event:', 'event', 'id: 1', 'retry: 5'];
const ODDITIES = ['\uFEFF', 'dat', 'x', ' ', 'é🔑', 'datax: 1', 'eventdata: 2', '\0'];
const pieces = fc.constantFrom(...LINE_ENDS, ...DATA_PARTS, ...OTHER_FIELDS, ...ODDITIES);
const stream = fc
  .tuple(fc.constantFrom('', '\uFEFF'), fc.array(pieces, { maxLength: 40 }))
  .map(([bom, all]) => Buffer.from(bom + all.join('')));
const cuts = fc.array(fc.nat(60), { maxLength: 30 });

function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...chunks, bytes.subarray(at)];
}

describe('however the stream is cut', () => {
  test('raw bytes and rest are the input, and events are those of the standard', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, sizes) => {
        const { events, rest } = split(chunksOf(bytes, sizes));
        expect(Buffer.concat([...events.map((event) => event.raw), rest])).toEqual(bytes);
        expect(withData(events)).toEqual(oracle(bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test('one byte at a time gives the same', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        const { events, rest } = split(Array.from(bytes, (byte) => Buffer.from([byte])));
        expect(Buffer.concat([...events.map((event) => event.raw), rest])).toEqual(bytes);
        expect(withData(events)).toEqual(oracle(bytes));
      }),
      { numRuns: 300 },
    );
  });

  test('an event is out as soon as its blank line is', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, sizes) => {
        const splitter = new SseSplitter();
        const seen: SseEvent[] = [];
        let sent = Buffer.alloc(0);
        for (const chunk of chunksOf(bytes, sizes)) {
          seen.push(...splitter.push(chunk));
          sent = Buffer.concat([sent, chunk]);
          expect(withData(seen)).toEqual(oracle(sent));
        }
      }),
    );
  });

  test('arbitrary bytes are kept', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const { events, rest } = split(chunks.map((chunk) => Buffer.from(chunk)));
        const kept = Buffer.concat([...events.map((event) => event.raw), rest]);
        expect(kept).toEqual(Buffer.concat(chunks));
      }),
    );
  });
});

test.each<[string, string, string | null, string | null]>([
  ['LF', 'data: a\n\n', 'a', null],
  ['CRLF', 'data: a\r\n\r\n', 'a', null],
  ['CR', 'data: a\r\r', 'a', null],
  ['mixed', 'data: a\r\ndata: b\rdata: c\n\r\n', 'a\nb\nc', null],
  ['byte order mark', '\uFEFFdata: a\n\n', 'a', null],
  ['no space', 'data:a\n\n', 'a', null],
  ['two spaces', 'data:  a\n\n', ' a', null],
  ['no colon', 'data\n\n', '', null],
  ['empty data', 'data:\n\n', '', null],
  ['two empty lines', 'data\ndata\n\n', '\n', null],
  ['comment', ': ping\n\n', null, null],
  ['comment and data', ': ping\ndata: a\n\n', 'a', null],
  ['id and retry', 'id: 7\nretry: 10\ndata: a\n\n', 'a', null],
  ['only a type', 'event: ping\n\n', null, 'ping'],
  ['type and data', 'event: response.completed\ndata: {}\n\n', '{}', 'response.completed'],
  ['last type counts', 'event: a\nevent: b\ndata: x\n\n', 'x', 'b'],
  ['empty type', 'event: a\nevent:\ndata: x\n\n', 'x', null],
  ['names that only begin alike', 'database: 1\neventual: 2\n\n', null, null],
  ['a colon in the value', 'data: a: b\n\n', 'a: b', null],
])('%s', (_name, text, data, event) => {
  const { events, rest } = split([text]);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ data, event, raw: Buffer.from(text) });
  expect(rest).toHaveLength(0);
});

test('a byte order mark counts only at the start of the stream', () => {
  expect(withData(split(['data: a\n\n', '\uFEFFdata: b\n\n']).events)).toEqual([
    { data: 'a', event: null },
  ]);
  expect(
    withData(split(['\xEF', '\xBB', '\xBF'].map((byte) => Buffer.from(byte, 'latin1'))).events),
  ).toEqual([]);
});

test('a late LF of the last CRLF is an event of its own, so nothing is withheld or left', () => {
  const splitter = new SseSplitter();
  expect(splitter.push(Buffer.from('data: a\r\n\r'))).toMatchObject([{ data: 'a' }]);
  const late = splitter.push(Buffer.from('\n'));
  expect(late).toMatchObject([{ data: null, raw: Buffer.from('\n') }]);
  expect(splitter.rest()).toHaveLength(0);
});

test('a late LF within an event is part of one line end', () => {
  const { events } = split(['data: a\r', '\ndata: b\r', '\n', '\r', 'data: c']);
  expect(withData(events)).toEqual([{ data: 'a\nb', event: null }]);
});

test('characters may be split between chunks, and invalid UTF-8 passes', () => {
  const bytes = Buffer.from('data: é🔑\n\n');
  const { events } = split(Array.from(bytes, (byte) => Buffer.from([byte])));
  expect(events[0]?.data).toBe('é🔑');
  const invalid = Buffer.from('data: \xff\xc3\n\n', 'latin1');
  const [event] = split([invalid]).events;
  expect(event).toMatchObject({ raw: invalid, data: '\ufffd\ufffd' });
});

test('an event within one chunk is a view of it, a chunk of an unfinished event may be reused', () => {
  const splitter = new SseSplitter();
  const chunk = Buffer.from('data: a\n\ndata: b');
  const [first] = splitter.push(chunk);
  expect(first?.raw.buffer).toBe(chunk.buffer);
  expect(first?.raw.byteOffset).toBe(chunk.byteOffset);
  chunk.fill(0);
  expect(splitter.rest().toString()).toBe('data: b');
  const [second] = splitter.push(Buffer.from('c\n\n'));
  splitter.push(Buffer.from('data: overwrites nothing'));
  expect(second?.raw.toString()).toBe('data: bc\n\n');
});

const eventOf = (length: number) => Buffer.from(`data: ${'x'.repeat(length - 8)}\n\n`);

const inChunks = (bytes: Buffer, size: number): SseEvent[] => {
  const splitter = new SseSplitter({ eventBytesMax: bytes.length });
  const events: SseEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    events.push(...splitter.push(bytes.subarray(at, at + size)));
  }
  return events;
};

describe('long events', () => {
  /** One event against 32 that are together as long: 32 times the time if chunks were looked at again. */
  const PARTS = 32;
  const LIMIT = 6;
  const parts = Array.from({ length: PARTS });
  const long = Buffer.from(`data: ${'x'.repeat(8_000_000)}\n\n`);

  test.each([
    ['64 KiB chunks', 65_536],
    ['tiny chunks', 16],
  ])('8 MB in %s', (_name, size) => {
    const events = inChunks(long, size);
    expect(events.map((event) => event.raw.equals(long))).toEqual([true]);
    expect(events[0]?.data).toHaveLength(8_000_000);
  });

  test.each([
    ['64 KiB chunks', 65_536, 8_000_000],
    ['tiny chunks', 16, 1_000_000],
  ])('in %s take time in proportion to their length', async (_name, size, length) => {
    const [part, whole] = [eventOf(length / PARTS), eventOf(length)];
    const grown = growth(
      LIMIT,
      () => parts.forEach(() => inChunks(part, size)),
      () => inChunks(whole, size),
    );
    expect(await grown).toBeLessThan(LIMIT);
  });

  test.each([1, 7, 100])('one byte over the limit is refused in chunks of %d', (size) => {
    const push = (bytes: Buffer) => {
      const splitter = new SseSplitter({ eventBytesMax: 20 });
      for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
    };
    expect(() => push(Buffer.concat([eventOf(20), eventOf(20), eventOf(19)]))).not.toThrow();
    expect(() => push(Buffer.concat([eventOf(20), eventOf(21)]))).toThrow(SseOverflowError);
    expect(() => push(Buffer.alloc(21, 'x'))).toThrow(SseOverflowError);
  });

  test('the limit is 4 MiB unless given', () => {
    expect(() => new SseSplitter().push(Buffer.alloc(4 * 1024 * 1024, 'x'))).not.toThrow();
    expect(() => new SseSplitter().push(Buffer.alloc(4 * 1024 * 1024 + 1, 'x'))).toThrow(
      SseOverflowError,
    );
  });
});
