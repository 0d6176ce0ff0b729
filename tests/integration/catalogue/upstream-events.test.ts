import { expect, test } from '@jest/globals';
import { SseSplitter } from '../../../src/lib/sse.ts';
import { growth } from '../../support/fastest-of.ts';
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

/** Splits one event that comes in very small pieces. */
function split(bytes: number): void {
  const piece = Buffer.alloc(16, 'x');
  const splitter = new SseSplitter();
  for (let sent = 0; sent < bytes; sent += piece.length) splitter.push(piece);
}

test('U79: an event takes time in proportion to its size', async () => {
  const BYTES = 4_000_000;
  const parts = Array.from({ length: 32 }, () => BYTES / 32);
  // 32 times as long as its parts, if each piece were looked at with all before it.
  const LIMIT = 6;
  const grown = growth(
    LIMIT,
    () => parts.forEach(split),
    () => split(BYTES),
  );
  expect(await grown).toBeLessThan(LIMIT);
});
