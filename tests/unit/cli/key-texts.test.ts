import { expect, test } from '@jest/globals';
import {
  expiryText,
  limitsOfKeyText,
  limitText,
  restrictionLines,
  timeText,
} from '../../../src/cli/key-texts.ts';
import { VirtualKey } from '../../../src/entities/virtual-key.ts';

test('times are UTC to the second', () => {
  const time = new Date('2026-03-01T23:59:59.999Z');
  expect(timeText(time)).toBe('2026-03-01 23:59:59');
  expect(expiryText(time)).toBe('2026-03-01 23:59:59');
});

test('what has no end or limit says so', () => {
  expect(expiryText(null)).toBe('Never');
  expect(limitText(null, 'requests/minute')).toBe('Unlimited');
  expect(limitText(10, 'requests/minute')).toBe('10 requests/minute');
});

test('limits name those that are set', () => {
  const none = { rpmLimit: null, tpmLimit: null, concurrencyLimit: null };
  expect(limitsOfKeyText(none)).toBe('Unlimited');
  expect(limitsOfKeyText({ ...none, rpmLimit: 60 })).toBe('60/min');
  expect(limitsOfKeyText({ rpmLimit: 60, tpmLimit: 9000, concurrencyLimit: 5 })).toBe(
    '60/min, 9000 tokens/min, 5 at once',
  );
});

test('restrictions are shown where there are some, and owners by name', () => {
  const none = {
    userId: null,
    teamId: null,
    tpmLimit: null,
    concurrencyLimit: null,
    allowedModels: null,
    allowedEndpoints: null,
    sourceNetworks: null,
    metadata: {},
  };
  const lines = (fields: Partial<VirtualKey>) =>
    restrictionLines(Object.assign(new VirtualKey(), none, fields), (id) => `name of ${id}`);
  expect(lines({})).toEqual([]);
  const all = lines({
    userId: 'u1',
    teamId: 't1',
    tpmLimit: 9000,
    concurrencyLimit: 5,
    allowedModels: ['gpt-4o', 'claude-*'],
    allowedEndpoints: ['chat.*'],
    sourceNetworks: ['10.0.0.0/8'],
    metadata: { floor: 3 },
  });
  expect(all.join('\n')).toBe(`\
  User:        name of u1
  Team:        name of t1
  Tokens:      9000 tokens/min
  Calls:       5 at once
  Models:      gpt-4o, claude-*
  Endpoints:   chat.*
  Networks:    10.0.0.0/8
  Metadata:    {"floor":3}`);
});
