import { deserialize, serialize } from 'node:v8';
import { format, inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { Secret } from '../../../src/lib/secret.ts';

const TEXT = 'canary-9f31c0ffee-tail';
const secret = new Secret(TEXT);

test('reveal gives the text back', () => {
  expect(secret.reveal()).toBe(TEXT);
});

test.each<[string, () => string]>([
  ['template', () => [secret].join('')],
  ['conversion', () => String(secret)],
  ['JSON', () => JSON.stringify({ deep: [{ secret }] })],
  ['JSON of itself', () => JSON.stringify(secret)],
  ['inspect', () => inspect({ deep: { secret } }, { depth: 9, showHidden: true })],
  ['inspect without custom', () => inspect(secret, { customInspect: false, showHidden: true })],
  ['format', () => format('%s %o %O %j %d', secret, secret, secret, secret, secret)],
  ['structuredClone', () => inspect(structuredClone(secret), { showHidden: true })],
  ['v8 serialisation', () => inspect(deserialize(serialize(secret)), { showHidden: true })],
  ['bytes of v8 serialisation', () => serialize(secret).toString('latin1')],
  ['entries', () => JSON.stringify(Object.fromEntries(Object.entries(secret)))],
  ['own keys', () => JSON.stringify(Reflect.ownKeys(secret).map(String))],
  ['assign', () => JSON.stringify(Object.assign({}, secret))],
  ['error', () => inspect(new Error(String(secret), { cause: secret }))],
])('%s does not show it', (_name, show) => {
  expect(show()).not.toMatch(/canary|c0ffee|tail/);
});

test('it prints as a placeholder', () => {
  expect([String(secret), JSON.stringify([secret]), inspect(secret)]).toEqual([
    '[redacted]',
    '["[redacted]"]',
    '[redacted]',
  ]);
});

test.each([
  ['sk-tg-0123456789', '6789'],
  ['123456789012', '9012'],
  ['12345678901', ''],
  ['', ''],
])('the hint of %p is %p', (text, hint) => {
  expect(new Secret(text).hint).toBe(hint);
});
