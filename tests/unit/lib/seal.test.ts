import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SealError, Sealer } from '../../../src/lib/seal.ts';

const OLD_KEY = Buffer.alloc(32, 1);
const NEW_KEY = Buffer.alloc(32, 2);
const BINDING = 'credential|018f|secret';
const CANARY = 'canary-c0ffee';

const keys = new Map([
  ['old', OLD_KEY],
  ['new', NEW_KEY],
]);
const sealer = new Sealer(keys, 'new');

test('any text opens again under its own binding only', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.string(),
      (text, binding, otherBinding) => {
        const sealed = sealer.seal(text, binding);
        expect(sealer.open(sealed, binding)).toBe(text);
        fc.pre(binding !== otherBinding);
        expect(() => sealer.open(sealed, otherBinding)).toThrow(SealError);
      },
    ),
  );
});

test('the format names version and key, and every seal differs in every random part', () => {
  const [first, second] = [sealer.seal(CANARY, BINDING), sealer.seal(CANARY, BINDING)];
  expect(first).toMatch(/^v1\.new\.[\w-]{80}\.[\w-]+$/);
  const parts = first.split('.').slice(2);
  expect(parts.filter((part) => second.includes(part))).toEqual([]);
  expect(first).not.toContain(Buffer.from(CANARY).toString('base64url'));
});

test('no single changed character opens', () => {
  const sealed = sealer.seal(CANARY, BINDING);
  for (let at = 0; at < sealed.length; at += 1) {
    for (const other of ['A', 'B', '_', '=', '.', ' ', 'é', '']) {
      if (other === sealed[at]) continue;
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      expect(() => sealer.open(changed, BINDING)).toThrow(SealError);
    }
  }
});

test.each(['', 'a', 'ab', 'abc'])('the last bits count too, and nothing may follow: %p', (text) => {
  const sealed = sealer.seal(text, BINDING);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const last of alphabet) {
    const changed = sealed.slice(0, -1) + last;
    if (changed !== sealed) expect(() => sealer.open(changed, BINDING)).toThrow(SealError);
  }
  for (const more of ['=', ' ', '\n', 'A', '.', '.A']) {
    expect(() => sealer.open(sealed + more, BINDING)).toThrow(SealError);
  }
});

test('no flipped bit of key, nonce, text or tag opens', () => {
  const parts = sealer.seal(CANARY, BINDING).split('.');
  for (const part of [2, 3]) {
    const bytes = Buffer.from(parts[part] ?? '', 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const changed = parts.with(part, flipped.toString('base64url')).join('.');
      expect(() => sealer.open(changed, BINDING)).toThrow(SealError);
    }
  }
});

test('wrapped key and text of two seals cannot be mixed', () => {
  const first = sealer.seal('one', BINDING).split('.');
  const second = sealer.seal('two', BINDING).split('.');
  expect(() => sealer.open(first.with(3, second[3] ?? '').join('.'), BINDING)).toThrow(SealError);
});

describe('keys', () => {
  const sealedByOld = new Sealer(keys, 'old').seal(CANARY, BINDING);

  test('text of an earlier key still opens, and says which key it needs', () => {
    expect(sealer.open(sealedByOld, BINDING)).toBe(CANARY);
    expect(sealer.keyIdOf(sealedByOld)).toBe('old');
  });

  test('a missing key is named', () => {
    const onlyNew = new Sealer(new Map([['new', NEW_KEY]]), 'new');
    expect(() => onlyNew.open(sealedByOld, BINDING)).toThrow(
      new SealError('no key-encryption key with the id "old"'),
    );
  });

  test('another key under the same id does not open', () => {
    const impostor = new Sealer(new Map([['old', NEW_KEY]]), 'old');
    expect(() => impostor.open(sealedByOld, BINDING)).toThrow(
      /altered, moved or sealed by another/,
    );
  });

  test('renaming the key does not open, even if both ids hold the same key', () => {
    const twins = new Sealer(new Map([...keys, ['twin', OLD_KEY]]), 'new');
    expect(() => twins.open(sealedByOld.replace('.old.', '.twin.'), BINDING)).toThrow(SealError);
  });

  test('the caller may wipe its buffers after construction', () => {
    const key = Buffer.from(NEW_KEY);
    const own = new Sealer(new Map([['new', key]]), 'new');
    key.fill(0);
    expect(own.open(sealer.seal(CANARY, BINDING), BINDING)).toBe(CANARY);
  });

  test.each<[string, Map<string, Buffer>, string]>([
    ['short key', new Map([['a', Buffer.alloc(31)]]), 'a'],
    ['long key', new Map([['a', Buffer.alloc(33)]]), 'a'],
    ['no current key', new Map([['a', OLD_KEY]]), 'b'],
    ['no key at all', new Map(), 'a'],
    ['dot in an id', new Map([['a.b', OLD_KEY]]), 'a.b'],
    ['separator in an id', new Map([['a|b', OLD_KEY]]), 'a|b'],
    ['empty id', new Map([['', OLD_KEY]]), ''],
  ])('refused: %s', (_name, given, current) => {
    expect(() => new Sealer(given, current)).toThrow(SealError);
  });
});

test.each([
  ['plain text', CANARY],
  ['plain text with dots', `v1.${CANARY}.x.y`],
  ['empty', ''],
  ['another version', 'v2.new.a.b'],
  ['one part more', `${new Sealer(keys, 'new').seal('x', BINDING)}.${CANARY}`],
])('%s is refused without being repeated', (_name, text) => {
  const act = () => sealer.open(text, BINDING);
  expect(act).toThrow(new SealError('not sealed text'));
  expect(() => sealer.keyIdOf(text)).toThrow(SealError);
});

test('text that UTF-8 cannot carry is refused rather than changed', () => {
  expect(() => sealer.seal('\ud800', BINDING)).toThrow(SealError);
});

test('a sealer shows no key material', () => {
  expect(inspect(sealer, { showHidden: true, depth: 9 }) + JSON.stringify(sealer)).toBe(
    'Sealer {}{}',
  );
});
