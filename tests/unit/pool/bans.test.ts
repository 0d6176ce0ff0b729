import type { EntityManager } from '@mikro-orm/sqlite';
import { describe, expect, test } from '@jest/globals';
import { Bans } from '../../../src/pool/bans.ts';
import type { BanFacts } from '../../../src/pool/bans.ts';
import type { Sentence } from '../../../src/pool/failure-counts.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MINUTE_MS, aDirectory, aHealthPolicy, aJournal, aMember, aPool } from './fixture.ts';

const HOUR_MS = 60 * MINUTE_MS;

/** Bans of one credential, with everything but the disk. */
function court({ isEscalating = false } = {}) {
  const clock = new ManualClock();
  const member = aMember('a');
  const counted = { rules: [], windowMs: null, isEscalating };
  const { pool } = aPool([member], { policy: { health: aHealthPolicy({ counted }) } });
  const pools = aDirectory(pool);
  const { journal, written } = aJournal();
  const over: BanFacts[] = [];
  const em = null as unknown as EntityManager;
  const bans = new Bans({ em, pools, journal, clock, onOver: (_member, ban) => over.push(ban) });
  const impose = (fields: Partial<Sentence> = {}) => {
    const evidence = { statuses: [500], requestIds: ['r1'] };
    const sentence = { model: 'm', reason: 'counted', evidence, untilMs: clock.now() + MINUTE_MS };
    bans.impose(member, { ...sentence, strike: 1, ...fields } as Sentence, 'r1');
  };
  const reasons = () =>
    ['m', 'other'].map((model) => member.health.exclusion(model, clock.now())?.reason ?? null);
  const types = () => written.map(({ type }) => type.replace('credential_ban.', ''));
  return { clock, member, pools, written, bans, over, impose, reasons, types };
}

test('a ban is in force when it is imposed, before anything is written', () => {
  const { impose, reasons, written, member } = court();
  impose();
  expect(reasons()).toEqual(['banned', null]);
  expect(written).toEqual([
    {
      type: 'credential_ban.imposed',
      subject: 'a',
      actor: 'system',
      requestId: 'r1',
      after: {
        ban: member.health.banIds()[0],
        model: 'm',
        reason: 'counted',
        evidence: { statuses: [500], requestIds: ['r1'] },
        strike: 1,
        until: new Date(1_800_000_060_000).toISOString(),
      },
    },
  ]);
});

describe('its time', () => {
  test.each([
    ['counted', false, false],
    ['counted', true, true],
    ['operator', true, false],
  ] as const)(
    'ends one of reason %s (escalating %s), with a trial: %s',
    (reason, isEscalating, isOnTrial) => {
      const { impose, reasons, clock, types, written, member } = court({ isEscalating });
      impose({ reason });
      const [ban] = member.health.banIds();
      clock.advance(MINUTE_MS - 1);
      expect([reasons(), types()]).toEqual([['banned', null], ['imposed']]);
      clock.advance(1);
      expect([reasons(), types()]).toEqual([
        [null, null],
        ['imposed', 'ended'],
      ]);
      expect(written[1]).toMatchObject({
        subject: 'a',
        actor: 'system',
        before: { ban, model: 'm', reason },
        after: { isOnTrial },
      });
      expect(member.health.beginTrial('m', clock.now())).toHaveLength(isOnTrial ? 1 : 0);
      expect(clock.waits).toEqual([]);
    },
  );

  test('does not end a confirmed one: that is for the provider to say', () => {
    const { impose, reasons, clock, over, types, member } = court();
    impose({ reason: 'unauthorized', model: null });
    clock.advance(MINUTE_MS);
    expect(over).toMatchObject([
      { id: member.health.banIds()[0], strike: 1, reason: 'unauthorized' },
    ]);
    clock.advance(24 * HOUR_MS);
    expect([reasons(), types(), over.length]).toEqual([['banned', 'banned'], ['imposed'], 1]);
  });

  test('may have no end', () => {
    const { impose, reasons, clock, types } = court();
    impose({ untilMs: null });
    expect(clock.waits).toEqual([]);
    clock.advance(1000 * HOUR_MS);
    expect([reasons(), types()]).toEqual([['banned', null], ['imposed']]);
  });

  test('may be longer than timers can wait', () => {
    const { impose, reasons, clock } = court();
    const yearMs = 8766 * HOUR_MS;
    impose({ untilMs: clock.now() + yearMs });
    expect(clock.waits).toEqual([2_000_000_000]);
    clock.advance(yearMs - 1);
    expect([reasons(), clock.waits]).toEqual([['banned', null], [1]]);
    clock.advance(1);
    expect(reasons()).toEqual([null, null]);
  });

  test('is not cut short by a wall clock that was set back', () => {
    const { impose, reasons, clock, types } = court();
    impose();
    const startMs = clock.now();
    clock.advance(30_000);
    clock.setWall(startMs - HOUR_MS);
    clock.advance(30_000);
    expect([reasons(), types()]).toEqual([['banned', null], ['imposed']]);
    clock.advance(HOUR_MS + 29_999);
    expect(reasons()).toEqual(['banned', null]);
    clock.advance(1);
    expect([reasons(), types()]).toEqual([
      [null, null],
      ['imposed', 'ended'],
    ]);
    expect(clock.now()).toBe(startMs + MINUTE_MS);
  });

  test('is over for all by a wall clock that was set forward, and told when the timer knows', () => {
    const { impose, reasons, clock, types, member } = court();
    impose();
    clock.setWall(clock.now() + HOUR_MS);
    expect([reasons(), member.health.beginTrial('m', clock.now())]).toEqual([[null, null], []]);
    expect(types()).toEqual(['imposed']);
    clock.advance(MINUTE_MS);
    expect([types(), clock.waits]).toEqual([['imposed', 'ended'], []]);
  });

  test('that is over when it is imposed ends it on the next turn', () => {
    const { impose, clock, types } = court();
    impose({ untilMs: clock.now() - 1 });
    clock.advance(0);
    expect(types()).toEqual(['imposed', 'ended']);
  });
});

test('several at a time end each by itself', () => {
  const { impose, reasons, clock, types } = court();
  impose({ untilMs: clock.now() + 1000 });
  impose({ untilMs: clock.now() + 3000 });
  impose({ model: 'other', untilMs: clock.now() + 2000 });
  clock.advance(1000);
  expect(reasons()).toEqual(['banned', 'banned']);
  clock.advance(1000);
  expect(reasons()).toEqual(['banned', null]);
  clock.advance(1000);
  expect(reasons()).toEqual([null, null]);
  expect(types()).toEqual(['imposed', 'imposed', 'imposed', 'ended', 'ended', 'ended']);
});

test('who has changed in the meantime is freed as it is now', () => {
  const { impose, clock, pools, member } = court({ isEscalating: true });
  impose();
  const again = aMember('a', { name: 'renamed' }, member);
  pools.pools = [aPool([again], { policy: { health: aHealthPolicy() } }).pool];
  clock.advance(MINUTE_MS);
  // By the policy of now, which counts nothing and so has no trials.
  expect(again.health.beginTrial('m', clock.now())).toEqual([]);
  expect(again.health.isClear).toBe(true);
});

test('after a stop nothing ends any more: it goes on at the next start', () => {
  const { bans, impose, reasons, clock, types } = court();
  impose();
  bans.stop();
  expect(clock.waits).toEqual([]);
  clock.advance(MINUTE_MS - 1);
  expect([reasons(), types()]).toEqual([['banned', null], ['imposed']]);
});
