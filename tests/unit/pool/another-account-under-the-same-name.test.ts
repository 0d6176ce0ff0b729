import { expect, test } from '@jest/globals';
import type { EntityManager } from '@mikro-orm/sqlite';
import { Secret } from '../../../src/lib/secret.ts';
import { Bans } from '../../../src/pool/bans.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aDirectory, aHealthPolicy, aJournal, aMember, aPool, RICH, theFacts } from './fixture.ts';

test.each([
  ['another secret', { secret: new Secret('sk-other') }],
  ['another provider', { kind: RICH }],
])('with %s begins anew', (_what, facts) => {
  const before = aMember('a', { balanceNano: 5n });
  before.health.apply({ kind: 'cooling', ms: 9000 }, theFacts(), aHealthPolicy(), false);
  before.failures.note(theFacts());
  before.latencies.note('m', 5, 0);
  before.discovered = new Map();
  const after = aMember('a', { ...facts, balanceNano: 9n }, before);
  expect(after.isAccountOf(before)).toBe(false);
  expect([after.health.isClear, after.failures.list(), after.latencies.all(0)]).toEqual([
    true,
    [],
    [],
  ]);
  expect([after.discovered, after.balanceNano, after.inFlight]).toEqual([null, 9n, 0]);
  const same = aMember('a', {}, before);
  expect(same.isAccountOf(before)).toBe(true);
  expect(same.failures.list()).toHaveLength(1);
});

test('is not banned for what the one before did', () => {
  const clock = new ManualClock();
  const [before, after] = [aMember('a'), aMember('a', { secret: new Secret('sk-other') })];
  const { pool } = aPool([after]);
  const { journal, written } = aJournal();
  const em = null as unknown as EntityManager;
  const bans = new Bans({ em, pools: aDirectory(pool), journal, clock, onOver: () => undefined });
  const evidence = { statuses: [401], requestIds: [] };
  const sentence = {
    model: null,
    reason: 'unauthorized',
    evidence,
    untilMs: null,
    strike: 1,
  } as const;
  bans.impose(before, sentence, null);
  expect([written, after.health.isClear]).toEqual([[], true]);
  bans.impose(after, sentence, null);
  expect([written.length, after.health.isClear]).toEqual([1, false]);
});
