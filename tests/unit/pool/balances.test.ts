import type { EntityManager } from '@mikro-orm/sqlite';
import { describe, expect, test } from '@jest/globals';
import type { EventDraft, EventLog } from '../../../src/events/log.ts';
import { AccessTokens } from '../../../src/pool/access-tokens.ts';
import { Balances } from '../../../src/pool/balances.ts';
import type { Member } from '../../../src/pool/member.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  RICH,
  aDirectory,
  aFarEnd,
  aHealthPolicy,
  aLog,
  aMember,
  aPool,
  answering,
  quiet,
  theFacts,
  first,
} from './fixture.ts';
import type { FarEnd } from './fixture.ts';

const told = (nano: number) => answering({ nano });

function bank(reply: FarEnd['reply'], members: Member[] = [aMember('a', { kind: RICH })]) {
  const clock = new ManualClock();
  const end = aFarEnd(reply);
  const { pool } = aPool(members);
  const pools = aDirectory(pool);
  const { logger, logs } = aLog();
  const recorded: EventDraft[] = [];
  const events = {
    record: (drafts: EventDraft[]) => Promise.resolve(void recorded.push(...drafts)),
  } as unknown as EventLog;
  const rows: unknown[] = [];
  const em = {
    fork: () => ({ nativeUpdate: (...args: unknown[]) => Promise.resolve(void rows.push(args)) }),
  } as unknown as EntityManager;
  const tokens = new AccessTokens(clock, end.fetchText);
  const { fetchText } = end;
  const balances = new Balances({ clock, tokens, fetchText, em, pools, events, logger });
  const reason = () => pool.members[0]?.health.exclusion('m', clock.now())?.reason ?? null;
  const types = () => recorded.map(({ type }) => type);
  return { clock, end, pool, pools, logs, recorded, rows, balances, reason, types };
}

const exhaust = ({ health }: Member, nowMs: number) =>
  health.apply({ kind: 'exhausted' }, theFacts({ status: 402, nowMs }), aHealthPolicy(), true);

describe('a credential without money', () => {
  test.each([
    ['a round has seen money: it serves again', 10_000_001, false, null],
    ['a check of its own has: the model waits', 10_000_001, true, 'forbidden'],
    ['the minimum is not enough', 10_000_000, false, 'exhausted'],
    ['nor is it for a check of its own', 0, true, 'exhausted'],
  ])('%s', async (_name, nano, isOwnCheck, expected) => {
    const { balances, pool, clock, reason, types } = bank(told(nano));
    const member = first(pool.members);
    exhaust(member, clock.now());
    if (isOwnCheck) await balances.check(member);
    else await balances.refresh();
    expect(reason()).toBe(expected);
    const isRefilled = expected !== 'exhausted';
    const refilled = isRefilled ? ['credential_health.active'] : [];
    expect(types()).toEqual(['balance.changed', ...refilled]);
  });

  test('that is unknown by now is nobody’s refill', async () => {
    const { balances, pool, clock, reason, logs } = bank(500);
    exhaust(first(pool.members), clock.now());
    await balances.refresh();
    expect(reason()).toBe('exhausted');
    expect(logs()).toContain('the provider answered 500');
  });
});

describe('a check', () => {
  test('is one at a time for each credential', async () => {
    const { balances, pool, end } = bank(told(5), [
      aMember('a', { kind: RICH }),
      aMember('b', { kind: RICH }),
    ]);
    const [a, b] = pool.members as [Member, Member];
    await Promise.all([...Array.from({ length: 50 }, () => balances.check(a)), balances.check(b)]);
    expect(end.asked).toHaveLength(2);
    await balances.check(a);
    expect(end.asked).toHaveLength(3);
  });

  test('that fails is over as well: the next one asks', async () => {
    const { balances, pool, end } = bank('broken');
    for (const times of [1, 2]) {
      await balances.check(first(pool.members));
      expect(end.asked).toHaveLength(times);
    }
  });
});

test.each<[string, FarEnd['reply'], string, string]>([
  ['an error', 503, 'the provider answered 503', 'the provider answered 503'],
  ['no connection', 'broken', 'other side closed', 'no whole answer'],
  ['no JSON', answering('sk-canary-a'), 'the answer is not JSON', 'the answer is not JSON'],
  [
    'no amount',
    answering({ nano: 'sk-canary' }),
    'the answer is not as documented',
    'the answer is not as documented',
  ],
])('%s leaves the balance as it was, and quotes nothing', async (_name, reply, logged, error) => {
  const member = aMember('a', { kind: RICH, balanceNano: 7n });
  const { balances, logs, rows, recorded } = bank(reply, [
    member,
    aMember('no balance to ask for'),
  ]);
  expect(await balances.refresh()).toEqual([
    { id: 'a', credential: 'name of a', balanceNano: 7n, error },
  ]);
  expect([member.balanceNano, rows, recorded]).toEqual([7n, [], []]);
  expect(logs()).toContain(logged);
  expect(logs()).not.toContain('sk-canary');
});

test('is asked again soon while one is not known, then after each interval', async () => {
  const { balances, end, clock } = bank(500);
  await balances.start(60_000);
  expect(clock.waits).toEqual([5000]);
  end.reply = told(5);
  clock.advance(5000);
  await quiet();
  expect([end.asked.length, clock.waits]).toEqual([2, [60_000]]);
  await balances.stop();
  expect(clock.waits).toEqual([]);
});
