import { crc32 } from 'node:zlib';
import { expect, test } from '@jest/globals';
import {
  hasKeyForm,
  hasKnownPrefix,
  isWellFormed,
  keyHint,
  mintVirtualKey,
} from '../../../src/lib/virtual-key-format.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('minted keys have the published shape, are well formed and distinct', () => {
  const keys = Array.from({ length: 500 }, mintVirtualKey);
  for (const key of keys) {
    expect(key).toMatch(/^sk-tg-[0-9A-Za-z]{49}$/);
    expect(isWellFormed(key)).toBe(true);
  }
  expect(new Set(keys).size).toBe(keys.length);
});

test('all digits occur in the last random place', () => {
  const seen = new Set(Array.from({ length: 2000 }, () => mintVirtualKey().at(48)));
  expect(seen).toEqual(new Set(ALPHABET));
});

test('the format is stable: keys handed out once stay valid', () => {
  expect(isWellFormed(`sk-tg-${'0'.repeat(43)}4JadvH`)).toBe(true);
});

test('no single changed, dropped or added character is well formed', () => {
  const key = mintVirtualKey();
  for (let at = 'sk-tg-'.length; at < key.length; at += 1) {
    for (const other of ['0', 'z', '-', '_', ' ', 'é', '\0', '\u{1f511}', '']) {
      const changed = key.slice(0, at) + other + key.slice(at + 1);
      if (changed !== key) expect(isWellFormed(changed)).toBe(false);
    }
    expect(isWellFormed(`${key.slice(0, at)}0${key.slice(at)}`)).toBe(false);
  }
});

/** The checksum of the format, computed apart from the code under test. */
const checked = (unchecked: string) => {
  let text = '';
  for (let rest = crc32(unchecked); text.length < 6; rest = Math.floor(rest / 62)) {
    text = ALPHABET.charAt(rest % 62) + text;
  }
  return unchecked + text;
};

test.each(['-', '_', ' ', 'é'])('a right checksum does not excuse %p in the random part', (odd) => {
  expect(isWellFormed(checked(`sk-tg-${'0'.repeat(43)}`))).toBe(true);
  expect(isWellFormed(checked(`sk-tg-${'0'.repeat(42)}${odd}`))).toBe(false);
});

test.each(['', 'sk-lb-abc', 'sk-mp-0', 'hp_x', 'sk-tg', 'SK-TG-x', 'any master key', ' sk-tg-x'])(
  '%p is not ours to judge',
  (key) => {
    expect(isWellFormed(key)).toBe(true);
  },
);

test.each(['sk-tg-', `sk-tg-${'a'.repeat(49)}`, `sk-tg-${'a'.repeat(10_000)}`])(
  '%p is not well formed',
  (key) => {
    expect(isWellFormed(key)).toBe(false);
  },
);

test.each([
  ['sk-tg-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG123456', 'sk-tg-…3456'],
  ['sk-lb-0123456789abcdefghijklmnopqrstuv', 'sk-lb-…stuv'],
  ['hp_0123456789abcdefghijABCDEFGHIJkl', 'hp_…IJkl'],
  ['a master key of any shape', '…hape'],
  ['correct-horse-battery-staple', '…aple'],
  ['sk-short-secret', '…'],
  ['', '…'],
])('the hint of %p is %p', (key, hint) => {
  expect(keyHint(key)).toBe(hint);
});

test.each([mintVirtualKey(), 'sk-lb-x', 'sk-mp-0f-Ab_', 'hp_x', 'sk-anything', 'pk_live_~'])(
  '%p looks like a key',
  (key) => {
    expect(hasKeyForm(key)).toBe(true);
  },
);

test.each([
  '',
  'sk-',
  'secret',
  'SK-TG-x',
  'sk-tg- x',
  'sk-tg-é',
  'sk-tg-x\n',
  'Bearer sk-x',
  '1-x',
])('%p does not look like a key', (text) => {
  expect(hasKeyForm(text)).toBe(false);
});

test('the prefixes of keys here and of those taken over are known', () => {
  for (const key of ['sk-tg-x', 'sk-lb-x', 'sk-mp-x', 'hp_x']) {
    expect(hasKnownPrefix(key)).toBe(true);
  }
  for (const key of ['sk-x', 'hp-x', 'xsk-tg-x', '']) expect(hasKnownPrefix(key)).toBe(false);
});
