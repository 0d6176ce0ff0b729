import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { Secret } from '../../../src/lib/secret.ts';
import { aMember, anOrigin } from './fixture.ts';

describe('a member made anew from its row', () => {
  test('is what the row says now', () => {
    const before = aMember('a', { weight: 1, limits: { rpm: 1, tpm: null } });
    const facts = {
      name: 'renamed',
      origin: 'https://elsewhere',
      prefix: '/api',
      secret: new Secret('sk-new'),
      weight: 7,
      priority: 3,
      limits: { rpm: null, tpm: 9 },
      models: ['gpt-*'],
      originHealth: anOrigin(),
    };
    const { secret, originHealth, ...plain } = facts;
    const after = aMember('a', facts, before);
    expect(after).toMatchObject(plain);
    expect(after.secret).toBe(secret);
    expect(after.originHealth).toBe(originHealth);
  });

  test('keeps what was learned of it', () => {
    const before = aMember('a', { balanceNano: 100n });
    before.debit(40n);
    before.balanceUsedNano = 7n;
    before.balanceCheckedAtMs = 8;
    before.discovered = new Map();
    const row = { balanceNano: 999n, balanceUsedNano: 999n, balanceCheckedAtMs: 999 };
    const after = aMember('a', row, before);
    expect(after).toMatchObject({ balanceNano: 60n, balanceUsedNano: 7n, balanceCheckedAtMs: 8 });
    for (const learned of ['health', 'usage', 'latencies', 'discovered'] as const) {
      expect(after[learned]).toBe(before[learned]);
    }
  });

  test('knows nothing that it has not learned', () => {
    const row = { balanceNano: 5n, balanceUsedNano: 6n, balanceCheckedAtMs: 7 };
    expect(aMember('a', row)).toMatchObject({ ...row, discovered: null, inFlight: 0 });
    // A row that was read while the balance was not known yet.
    expect(aMember('a', row, aMember('a')).balanceNano).toBe(5n);
  });

  test('shares the count of calls under way: some began with the old one', () => {
    const before = aMember('a');
    before.enter();
    const after = aMember('a', {}, before);
    after.enter();
    expect([before.inFlight, after.inFlight]).toEqual([2, 2]);
    before.leave();
    before.leave();
    expect([before.inFlight, after.inFlight]).toEqual([0, 0]);
  });
});

test('a debit of an unknown balance leaves it unknown', () => {
  const member = aMember('a');
  member.debit(5n);
  expect(member.balanceNano).toBeNull();
});

test('no way of printing a member shows its secret', () => {
  const member = aMember('a');
  const printed = JSON.stringify(member) + inspect(member, { depth: 9, showHidden: true });
  expect(printed).not.toContain('sk-canary');
});
