import { createHash, createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { KeyHasher } from '../../../src/lib/key-hasher.ts';

const pepper = Buffer.alloc(32, 7);
const sha256 = (key: string) => createHash('sha256').update(key, 'utf8');

test('the hash is HMAC-SHA-256(pepper, SHA-256(key)), for peppers shorter and longer than a block', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 200 }),
      fc.string({ unit: 'grapheme' }),
      (bytes, key) => {
        const own = Buffer.from(bytes);
        const expected = createHmac('sha256', own).update(sha256(key).digest()).digest('base64url');
        const hasher = new KeyHasher(own);
        expect(hasher.hash(key)).toBe(expected);
        expect(hasher.hashOfSha256(sha256(key).digest('hex'))).toBe(expected);
      },
    ),
  );
});

test('one call leaves nothing behind for the next', () => {
  const hasher = new KeyHasher(pepper);
  const first = hasher.hash('first');
  hasher.hash('a second and much longer key, so that any remainder of it would show');
  hasher.hashOfSha256('F'.repeat(64));
  expect(hasher.hash('first')).toBe(first);
  expect(hasher.hash('')).not.toBe(first);
});

test('upper-case hex is the same hash', () => {
  const hasher = new KeyHasher(pepper);
  const hex = sha256('key').digest('hex');
  expect(hasher.hashOfSha256(hex.toUpperCase())).toBe(hasher.hashOfSha256(hex));
});

test('the pepper matters, and the caller may wipe its buffer', () => {
  const own = Buffer.from(pepper);
  const hasher = new KeyHasher(own);
  own.fill(0);
  expect(hasher.hash('key')).toBe(new KeyHasher(pepper).hash('key'));
  expect(hasher.hash('key')).not.toBe(new KeyHasher(own).hash('key'));
});

test.each([0, 16, 31])('a pepper of %d bytes is refused', (length) => {
  expect(() => new KeyHasher(Buffer.alloc(length, 7))).toThrow(RangeError);
});

test.each(['', 'abc', 'g'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(64)}\n`])(
  'the SHA-256 %p is refused without being repeated',
  (hex) => {
    const act = () => new KeyHasher(pepper).hashOfSha256(hex);
    expect(act).toThrow(new RangeError('a SHA-256 hash has 64 hex digits'));
  },
);

test('a hasher shows no pepper', () => {
  expect(inspect(new KeyHasher(pepper), { showHidden: true })).toBe('KeyHasher {}');
});
