import { expect, test } from '@jest/globals';
import { hasMoreFields } from '../../../src/grpc/wire.ts';

/** One field of each type, as `protoc --encode` writes them; a group is its begin and its end. */
const FIELDS: [what: string, bytes: number[], fields: number][] = [
  ['a number', [0x08, 0x96, 0x01], 1],
  ['eight bytes', [0x09, 1, 2, 3, 4, 5, 6, 7, 8], 1],
  ['four bytes', [0x0d, 1, 2, 3, 4], 1],
  ['text', [0x0a, 0x03, 0x0a, 0x00, 0x0a], 1],
  ['long text', [0x0a, 0x80, 0x01, ...Array.from({ length: 128 }, () => 0x0a)], 1],
  ['a field with a high number', [0xa2, 0x06, 0x01, 0x0a], 1],
  ['a group', [0x0b, 0x08, 0x01, 0x0c], 3],
];

test.each(FIELDS)('%s is counted as it is written', (_what, bytes, fields) => {
  const thrice = Buffer.from([...bytes, ...bytes, ...bytes]);
  expect(hasMoreFields(thrice, 3 * fields)).toBe(false);
  expect(hasMoreFields(thrice, 3 * fields - 1)).toBe(true);
});

test.each([
  ['nothing', []],
  ['a field cut off', [0x0a, 0xff, 0xff, 0xff, 0x0f]],
  ['a number that never ends', Array.from({ length: 64 }, () => 0xff)],
  ['a type that is none', [0x0f, 0x0f]],
])('%s has no more than there is', (_what, bytes) => {
  expect(hasMoreFields(Buffer.from(bytes), 1)).toBe(false);
});
