import { expect, test } from '@jest/globals';
import { SseSplitter } from '../../../src/lib/sse.ts';
import { SHOWN, STREAM, prove } from './fixture-bodies.ts';
import type { Row } from './fixture-bodies.ts';

/** Every way to write the same, of which the client gets each byte and the usage is read. */
const WRITTEN: Row[] = [
  ['U71: CRLF', 'crlf-events'],
  ['U71: CR', 'dialect;kind=cr'],
  ['U71: separators of all kinds', 'dialect;kind=mixed'],
  ['U72: a byte order mark', 'byte-order-mark'],
  ['U73: comments', 'comments;count=2'],
  ['U74: event, id and retry', 'dialect;kind=fields'],
  ['U75: data in several lines', 'dialect;kind=multi-line'],
  ['U76: data without a space', 'dialect;kind=no-space'],
  ['U77: text beyond ASCII', 'foreign-text'],
  ['U77: text beyond ASCII, split in chunks', 'foreign-text|one-byte-chunks'],
  ['U77: escapes', 'foreign-text;kind=escaped|one-byte-chunks'],
  ['U77: half a surrogate pair in each event', 'foreign-text;kind=split-pair'],
  ['U78: one byte a chunk', 'one-byte-chunks'],
  ['U79: one event of 3.9 MB', 'big-event;bytes=3900000'],
  ['U80: invalid UTF-8', 'invalid-utf8'],
].map(([name = '', fault = '']): Row => ({
  name,
  fault,
  asked: SHOWN,
  // Told before the fault has made the text longer.
  headers: { 'x-sandbox-usage': 'completion=1000000' },
  told: { bytesOf: 1 },
  charged: 'as told',
}));

const ODD: Row[] = [
  {
    name: 'U78: one byte a chunk, CRLF',
    fault: 'crlf-events|one-byte-chunks',
    asked: SHOWN,
    // With the CR its last event is over.
    told: { bytesOf: 1, expected: (bytes) => bytes.slice(0, -1) },
    charged: 'as told',
  },
  {
    name: 'U80: invalid UTF-8 and no usage',
    fault: 'invalid-utf8|no-usage',
    told: { bytesOf: 1 },
    charged: 'by count',
  },
  {
    name: 'U81: an event that is no JSON',
    fault: 'malformed-event',
    told: { bytesOf: 1 },
    charged: 'as told',
    anomalies: ['malformed_event'],
  },
];

test.each([...WRITTEN, ...ODD])('$name', (row) => prove({ asked: STREAM, ...row }));

/** The least of several times to split one event that comes in very small pieces. */
function splittingMs(bytes: number): number {
  const piece = Buffer.alloc(16, 'x');
  const times = Array.from({ length: 5 }, () => {
    const splitter = new SseSplitter();
    const startMs = performance.now();
    for (let sent = 0; sent < bytes; sent += piece.length) splitter.push(piece);
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

test('U79: an event takes time in proportion to its size', () => {
  splittingMs(500_000);
  // Eight times the bytes: 8 if linear, 64 if each piece were looked at with all before it.
  const fastest = (bytes: number) =>
    Math.min(...Array.from({ length: 6 }, () => splittingMs(bytes)));
  expect(fastest(4_000_000)).toBeLessThan(fastest(500_000) * 24);
});
