import { expect, test } from '@jest/globals';
import { statusOf } from '../../../src/entities/virtual-key.ts';
import { KeyWatch } from '../../../src/proxy/key-watch.ts';
import type { KeyEntry } from '../../../src/proxy/virtual-keys.ts';
import { Client, HandClock, aKey } from './fixture.ts';

const SECOND_MS = 1000;

const isActive = (key: KeyEntry, nowMs: number) => statusOf(key, nowMs) === 'active';

function aWatch() {
  const clock = new HandClock();
  const keys = new Map([aKey(), aKey({ id: 'key-2' })].map((key) => [key.id, key]));
  const watch = new KeyWatch({ again: ({ id }) => keys.get(id), isActive }, clock);
  const enter = (id = 'key-1') => {
    const { call } = new Client();
    return { call, left: watch.enter(call, aKey({ id })) };
  };
  return { clock, keys, enter };
}

const lost: [string, (keys: Map<string, KeyEntry>, nowMs: number) => void][] = [
  ['switched off', (keys) => keys.set('key-1', aKey({ isActive: false }))],
  ['deleted', (keys) => keys.delete('key-1')],
  ['expired', (keys, now) => keys.set('key-1', aKey({ expiresAt: new Date(now) }))],
];

test.each(lost)('a key that is %s ends all its calls within a second', (_how, lose) => {
  const { clock, enter, keys } = aWatch();
  const own = [enter(), enter()];
  const other = enter('key-2');
  clock.advance(SECOND_MS);
  lose(keys, clock.now());
  expect(own.map(({ call }) => call.signal.aborted)).toEqual([false, false]);
  clock.advance(SECOND_MS);
  expect(own.map(({ call }) => call.signal.reason)).toEqual(['key_revoked', 'key_revoked']);
  expect(other.call.signal.aborted).toBe(false);
});

test('a key that expires later does so at its time', () => {
  const { clock, enter, keys } = aWatch();
  keys.set('key-1', aKey({ expiresAt: new Date(clock.now() + 10 * SECOND_MS) }));
  const { call } = enter();
  for (let second = 0; second < 9; second += 1) clock.advance(SECOND_MS);
  expect(call.signal.aborted).toBe(false);
  clock.advance(SECOND_MS);
  expect(call.signal.reason).toBe('key_revoked');
});

test('a call that has left is left alone', () => {
  const { clock, enter, keys } = aWatch();
  const { call, left } = enter();
  left[Symbol.dispose]();
  keys.delete('key-1');
  clock.advance(SECOND_MS);
  expect(call.signal.aborted).toBe(false);
});

test('looks while there are calls, with one timer, and not without', () => {
  const { clock, enter } = aWatch();
  const entered = [enter(), enter(), enter()];
  for (let second = 0; second < 5; second += 1) clock.advance(SECOND_MS);
  expect(clock.waiting).toBe(1);
  for (const { left } of entered) left[Symbol.dispose]();
  clock.advance(SECOND_MS);
  expect(clock.waiting).toBe(0);
  enter();
  expect(clock.waiting).toBe(1);
});
