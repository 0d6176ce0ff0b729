import { describe, expect, test } from '@jest/globals';
import type { HealthPolicy, ModelRule } from '../../../src/entities/pool-policy.ts';
import type { Effect } from '../../../src/pool/effect.ts';
import { Lease } from '../../../src/pool/lease.ts';
import type { Member, ModelFacts } from '../../../src/pool/member.ts';
import type { OriginHealth } from '../../../src/pool/origin-health.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import type { Served } from '../../../src/pool/served.ts';
import {
  MINUTE_MS,
  NOW,
  PLAIN,
  RICH,
  aHealthPolicy,
  aKind,
  aMember,
  aNeed,
  aPool,
  aService,
  anOrigin,
  end,
  leased,
  theFacts,
  first,
} from './fixture.ts';

const EJECTION = { failures: 1, ms: 30_000, maxMs: 30_000 };

const eject = (origin: OriginHealth, facts = {}, isWhole = true) =>
  origin.failed(theFacts(facts), isWhole, EJECTION);

/** As if every member served the model under its own name. */
const served = (pool: Pool, service: Partial<Served> = {}) =>
  new Map(pool.members.map(({ id }) => [id, aService(service)]));

const call = (fields: { tokens?: number; nowMs?: number; monotonicMs?: number } = {}) => ({
  tokens: 0,
  nowMs: NOW,
  monotonicMs: 0,
  ...fields,
});

/** `a: reason` of those left out; usable ones by id alone. */
function seen(pool: Pool, fields = {}, by = served(pool)) {
  const { usable, excluded, isPanic } = pool.candidates(by, call(fields));
  return {
    usable: usable.map(({ id }) => id).join(''),
    out: Object.fromEntries(excluded.map(({ member, reason }) => [member.id, reason])),
    isPanic,
  };
}

const rule = (name: string, rest: Partial<ModelRule> = {}): ModelRule => ({
  name,
  upstream: null,
  set: null,
  credentials: null,
  provider: null,
  isListed: false,
  rpm: null,
  tpm: null,
  ...rest,
});

const lists = (...ids: string[]): ReadonlyMap<string, ModelFacts> =>
  new Map(ids.map((id) => [id, { id, created: 0, ownedBy: '' }]));

const apply = ({ health }: Member, effect: Effect, policy: HealthPolicy = aHealthPolicy()) =>
  health.apply(effect, theFacts({ status: 403 }), policy, false);

describe('candidates', () => {
  const troubles: [string, (member: Member) => unknown, string, number][] = [
    [
      'banned',
      ({ health }) =>
        health.ban({ id: 'b', model: 'm', untilMs: NOW + 9, strike: 1, hasTrial: false }),
      'banned',
      NOW + 9,
    ],
    [
      'banned for ever',
      ({ health }) =>
        health.ban({ id: 'b', model: null, untilMs: null, strike: 1, hasTrial: false }),
      'banned',
      Infinity,
    ],
    ['cooling', (member) => apply(member, { kind: 'cooling', ms: 5000 }), 'cooling', NOW + 5000],
    ['forbidden', (member) => apply(member, { kind: 'forbidden' }), 'forbidden', NOW + 30_000],
    ['suspect', (member) => apply(member, { kind: 'unauthorized' }), 'suspect', NOW + 30_000],
    [
      'exhausted by its word',
      (member) => apply(member, { kind: 'exhausted' }),
      'exhausted',
      NOW + 300_000,
    ],
    ['at the minimum', (member) => (member.balanceNano = 10_000_000n), 'exhausted', Infinity],
    ['below nothing', (member) => (member.balanceNano = -1n), 'exhausted', Infinity],
    [
      'out of requests',
      ({ usage, limits }) => usage.take(limits, 0, -5000),
      'limited',
      NOW + 55_000,
    ],
    ['its origin ejected', ({ originHealth }) => eject(originHealth), 'ejected', NOW + 30_000],
  ];

  test.each(troubles)('leave out who is %s', (_name, befall, reason, untilMs) => {
    const member = aMember('a', { kind: RICH, limits: { rpm: 1, tpm: null } });
    const { pool } = aPool([member, aMember('b')]);
    expect(seen(pool)).toEqual({ usable: 'ab', out: {}, isPanic: false });
    befall(member);
    const { usable, excluded } = pool.candidates(served(pool), call());
    expect(usable.map(({ id }) => id)).toEqual(['b']);
    expect(excluded).toEqual([{ member, reason, untilMs }]);
  });

  test('leave out who does not serve the model, and ask each under its own name for it', () => {
    const members = ['a', 'b', 'c'].map((id) => aMember(id));
    const { pool } = aPool(members);
    first(members).health.apply(
      { kind: 'cooling', ms: 5000 },
      theFacts({ model: 'theirs' }),
      aHealthPolicy(),
      false,
    );
    const by = new Map([
      ['a', aService({ upstream: 'theirs' })],
      ['b', aService({ upstream: 'ours' })],
    ]);
    expect(seen(pool, {}, by)).toEqual({
      usable: 'b',
      out: { a: 'cooling', c: 'no_model' },
      isPanic: false,
    });
  });

  test('leave out all but one for what is on trial, until that has told', () => {
    const [a, b] = [aMember('a'), aMember('b')];
    const { pool } = aPool([a, b]);
    a.health.apply({ kind: 'exhausted' }, theFacts(), aHealthPolicy(), false);
    const nowMs = NOW + 300_000;
    expect(seen(pool, { nowMs }).usable).toBe('ab');
    const lease = leased(pool.take(a, aNeed({ nowMs }), false));
    expect(seen(pool, { nowMs })).toEqual({ usable: 'b', out: { a: 'on_trial' }, isPanic: false });
    expect(pool.take(a, aNeed({ nowMs }), false)).toEqual({
      member: a,
      reason: 'on_trial',
      untilMs: nowMs,
    });
    end(lease);
    expect(seen(pool, { nowMs }).usable).toBe('ab');
  });

  test('are merely looked at: no slot is burned, no trial begun (D5)', () => {
    const member = aMember('a', { limits: { rpm: 1, tpm: 10 } });
    member.health.apply(
      { kind: 'exhausted' },
      theFacts({ nowMs: NOW - 300_000 }),
      aHealthPolicy(),
      false,
    );
    const { pool } = aPool([member]);
    for (let times = 0; times < 100; times += 1)
      expect(seen(pool, { tokens: 10 }).usable).toBe('a');
    expect(member.inFlight).toBe(0);
    expect(pool.take(member, aNeed({ tokens: 10 }), false)).toBeInstanceOf(Lease);
  });

  test('a balance counts only where the provider tells one', () => {
    const told = aMember('a', { kind: RICH, balanceNano: 0n });
    const left = aMember('b', { balanceNano: 0n });
    expect(seen(aPool([told, left]).pool)).toMatchObject({ usable: 'b', out: { a: 'exhausted' } });
  });

  test('an unknown balance is none’s fault', () => {
    expect(seen(aPool([aMember('a', { kind: RICH })]).pool).usable).toBe('a');
  });
});

/** Members by origin: `aab` is two credentials on one origin and one on another. */
function fleet(layout: string, sick: string) {
  const origins = new Map(layout.split('').map((name) => [name, anOrigin()]));
  const members = layout
    .split('')
    .map((name, at) => aMember(`${name}${at}`, { originHealth: origins.get(name)! }));
  for (const name of sick) eject(origins.get(name)!);
  return { pool: aPool(members).pool, members };
}

describe('ejected origins', () => {
  test.each([
    ['the only one is asked', 'a', 'a', 'a0', true],
    ['so is the only one of several credentials', 'aa', 'a', 'a0a1', true],
    ['one of two is left alone', 'ab', 'a', 'b1', false],
    ['both of two: panic', 'ab', 'ab', 'a0b1', true],
    ['one of three is left alone', 'abc', 'b', 'a0c2', false],
    ['two of three: panic', 'abc', 'ab', 'a0b1c2', true],
    ['two of four are left alone', 'abcd', 'bd', 'a0c2', false],
    ['three of four: panic', 'abcd', 'abd', 'a0b1c2d3', true],
    ['origins are counted, not credentials', 'aaab', 'a', 'b3', false],
    ['nobody is unwell', 'ab', '', 'a0b1', false],
  ])('%s (%s, unwell %s)', (_name, layout, sick, usable, isPanic) => {
    const { pool, members } = fleet(layout, sick);
    expect(seen(pool)).toMatchObject({ usable, isPanic });
    if (isPanic) return;
    const out = members.filter(({ id }) => sick.includes(id.charAt(0))).map(({ id }) => id);
    expect(seen(pool).out).toEqual(Object.fromEntries(out.map((id) => [id, 'ejected'])));
  });

  test('panic overrides ejections, never anything else', () => {
    const { pool, members } = fleet('aab', 'ab');
    first(members).health.ban({ id: 'b', model: null, untilMs: null, strike: 1, hasTrial: false });
    expect(seen(pool)).toEqual({ usable: 'a1b2', out: { a0: 'banned' }, isPanic: true });
  });

  test('when the well origins can serve nothing now, the ejected ones are asked', () => {
    const { pool, members } = fleet('abc', 'a');
    for (const { health } of members.slice(1)) {
      health.apply({ kind: 'cooling', ms: 9000 }, theFacts(), aHealthPolicy(), false);
    }
    expect(seen(pool)).toEqual({
      usable: 'a0',
      out: { b1: 'cooling', c2: 'cooling' },
      isPanic: true,
    });
  });

  test('one on trial counts as ejected', () => {
    const { pool, members } = fleet('ab', 'a');
    const nowMs = NOW + 30_000;
    leased(pool.take(first(members), aNeed({ nowMs }), false));
    expect(seen(pool, { nowMs })).toEqual({
      usable: 'b1',
      out: { a0: 'on_trial' },
      isPanic: false,
    });
  });

  test('a model that ails leaves the others alone', () => {
    const origin = anOrigin();
    const { pool } = aPool([aMember('a', { originHealth: origin }), aMember('b')]);
    eject(origin, { model: 'm' }, false);
    expect(seen(pool).usable).toBe('b');
    expect(seen(pool, {}, served(pool, { upstream: 'other' })).usable).toBe('ab');
  });
});

describe('taking', () => {
  test('looks again: what was usable when chosen may not be by now', () => {
    const [a, b] = [aMember('a'), aMember('b')];
    const { pool } = aPool([a, b]);
    const { usable } = pool.candidates(served(pool), call());
    pool.report(a, { kind: 'cooling', ms: 3000 }, theFacts());
    eject(b.originHealth);
    expect(usable.map((member) => pool.take(member, aNeed(), false))).toEqual([
      { member: a, reason: 'cooling', untilMs: NOW + 3000 },
      { member: b, reason: 'ejected', untilMs: NOW + 30_000 },
    ]);
    expect(pool.take(b, aNeed(), true)).toBeInstanceOf(Lease);
    expect(pool.take(a, aNeed(), true)).toMatchObject({ reason: 'cooling' });
    expect([a.inFlight, b.inFlight]).toEqual([0, 1]);
  });

  test('gives exactly as many requests as a minute has, to two hundred calls at once', () => {
    const member = aMember('a', { limits: { rpm: 50, tpm: null } });
    const { pool } = aPool([member]);
    const taken = Array.from({ length: 200 }, () => pool.take(member, aNeed(), false));
    expect(taken.filter((one) => one instanceof Lease)).toHaveLength(50);
    expect(taken.at(-1)).toEqual({ member, reason: 'limited', untilMs: NOW + MINUTE_MS });
  });

  test('tokens are reserved as estimated and settled as used', () => {
    const member = aMember('a', { limits: { rpm: null, tpm: 100 } });
    const { pool } = aPool([member]);
    const lease = leased(pool.take(member, aNeed({ tokens: 80 }), false));
    expect(pool.take(member, aNeed({ tokens: 30 }), false)).toMatchObject({ reason: 'limited' });
    lease.settle(20, 1000);
    expect(pool.take(member, aNeed({ tokens: 80, monotonicMs: 1000 }), false)).toBeInstanceOf(
      Lease,
    );
  });

  test('a full one leads to the next (D4.6), whose slot alone is used (D4.19)', () => {
    const members = ['a', 'b', 'c'].map((id) => aMember(id, { limits: { rpm: 1, tpm: null } }));
    const { pool } = aPool(members);
    const nextTaken = () =>
      pool.members.find((member) => pool.take(member, aNeed(), false) instanceof Lease)?.id;
    expect([nextTaken(), nextTaken(), nextTaken(), nextTaken()]).toEqual([
      'a',
      'b',
      'c',
      undefined,
    ]);
    expect(seen(pool).out).toEqual({ a: 'limited', b: 'limited', c: 'limited' });
    expect(seen(pool, { monotonicMs: MINUTE_MS, nowMs: NOW + MINUTE_MS }).usable).toBe('abc');
  });
});

describe('what a call cost', () => {
  test('is told once when it brings the balance to the minimum, and again after a refill', () => {
    const member = aMember('a', { kind: RICH, balanceNano: 30_000_000n });
    const { pool, told } = aPool([member]);
    const spent = () => told.filter(({ what }) => what === 'spent').length;
    const course = [19_999_999n, 1n, 1n, 50_000_000n].map((costNano) => {
      pool.debit('a', costNano);
      return [member.balanceNano, spent(), seen(pool).usable];
    });
    expect(course).toEqual([
      [10_000_001n, 0, 'a'],
      [10_000_000n, 1, ''],
      [9_999_999n, 1, ''],
      [-40_000_001n, 1, ''],
    ]);
    member.balanceNano = 20_000_000n;
    pool.debit('a', 10_000_000n);
    expect(spent()).toBe(2);
  });

  test.each([
    ['a balance that is not known', null, 'a'],
    ['a credential that is gone', 20_000_000n, 'gone'],
  ])('of %s changes nothing', (_name, balanceNano, id) => {
    const member = aMember('a', { balanceNano });
    const { pool, told } = aPool([member]);
    pool.debit(id, 1_000_000_000n);
    expect([member.balanceNano, told]).toEqual([balanceNano, []]);
  });
});

describe('a report', () => {
  const counted = {
    rules: [{ statuses: [429], failuresMax: 1, banMs: 1000 }],
    windowMs: null,
    isEscalating: false,
  };

  test.each<[string, Effect, number, [string, object | null][]]>([
    [
      'cooling',
      { kind: 'cooling', ms: 1000 },
      418,
      [['blocked', { state: 'cooling', model: 'm' }]],
    ],
    [
      'a ban due',
      { kind: 'cooling', ms: 1000 },
      429,
      [
        ['blocked', { state: 'cooling' }],
        ['sentenced', { reason: 'counted', model: 'm' }],
      ],
    ],
    [
      '401',
      { kind: 'unauthorized' },
      401,
      [
        ['blocked', { state: 'suspect', model: null }],
        ['wantsProbe', null],
      ],
    ],
    [
      '403',
      { kind: 'forbidden' },
      403,
      [
        ['blocked', { state: 'forbidden' }],
        ['wantsProbe', null],
      ],
    ],
    ['404', { kind: 'forbidden' }, 404, [['blocked', { state: 'forbidden' }]]],
    [
      '402',
      { kind: 'exhausted' },
      402,
      [
        ['blocked', { state: 'exhausted', untilMs: Infinity }],
        ['wantsBalance', null],
      ],
    ],
    ['served', { kind: 'served' }, 200, []],
    ['nothing', { kind: 'none' }, 429, []],
    ['an origin’s first failure', { kind: 'origin', isWhole: false, ms: null }, 500, []],
  ])('of %s', (_name, effect, status, expected) => {
    const { pool, told } = aPool([aMember('a', { kind: RICH })], {
      policy: { health: aHealthPolicy({ counted }) },
    });
    pool.report(first(pool.members), effect, theFacts({ status }));
    expect(told.map(({ what }) => what)).toEqual(expected.map(([what]) => what));
    for (const [at, [, said]] of expected.entries()) {
      if (said === null) expect(told[at]?.said).toBeNull();
      else expect(told[at]?.said).toMatchObject(said);
    }
    // Each is told of whom, and of the call that caused it where that is known.
    for (const { what, who, requestId } of told) {
      expect([who, requestId]).toEqual(['a', what === 'wantsBalance' ? undefined : 'r1']);
    }
  });

  test('a provider without balances is not asked for one', () => {
    const { pool, told } = aPool([aMember('a')]);
    pool.report(first(pool.members), { kind: 'exhausted' }, theFacts({ status: 402 }));
    expect(told.map(({ what }) => what)).toEqual(['blocked']);
    expect(told[0]?.said).toMatchObject({ untilMs: NOW + 300_000, hasTrial: true });
  });

  test('what only confirms is not told again', () => {
    const { pool, told } = aPool([aMember('a')]);
    for (let times = 0; times < 50; times += 1) {
      pool.report(first(pool.members), { kind: 'cooling', ms: 1000 }, theFacts());
    }
    expect(told).toHaveLength(1);
  });

  test('five failures of an origin eject it for every credential there, of any pool', () => {
    const originHealth = anOrigin();
    const [a, b] = [aMember('a', { originHealth }), aMember('b', { originHealth })];
    const { pool, told } = aPool([a, aMember('c')]);
    const other = aPool([b, aMember('d')]).pool;
    const failure: Effect = { kind: 'origin', isWhole: true, ms: null };
    for (let times = 0; times < 7; times += 1) {
      pool.report(a, failure, theFacts({ status: 502 }));
    }
    expect(told).toEqual([{ what: 'ejected', who: 'a', said: NOW + 30_000, requestId: 'r1' }]);
    expect([seen(pool).usable, seen(other).usable]).toEqual(['c', 'd']);
  });

  test('a call served to its end begins an origin’s count anew', () => {
    const { pool, told } = aPool([aMember('a')]);
    const a = first(pool.members);
    const failure: Effect = { kind: 'origin', isWhole: false, ms: null };
    for (const effect of [
      failure,
      failure,
      failure,
      failure,
      { kind: 'served' } as const,
      failure,
    ]) {
      pool.report(a, effect, theFacts({ status: 500 }));
    }
    expect(told).toEqual([]);
  });

  test('the pool’s own ejection policy applies', () => {
    const { pool, told } = aPool([aMember('a')], {
      policy: { health: aHealthPolicy({ ejection: { failures: 2, ms: 1000, maxMs: 1000 } }) },
    });
    for (let times = 0; times < 2; times += 1) {
      pool.report(
        first(pool.members),
        { kind: 'origin', isWhole: false, ms: null },
        theFacts({ status: 500 }),
      );
    }
    expect(told).toMatchObject([{ what: 'ejected', said: NOW + 1000 }]);
  });
});

describe('an answer that has begun', () => {
  test('tells what has passed its trial: credential and origin', () => {
    const member = aMember('a');
    const { pool, told } = aPool([member]);
    member.health.apply({ kind: 'exhausted' }, theFacts(), aHealthPolicy(), false);
    eject(member.originHealth);
    const facts = theFacts({ status: 200, startedAtMs: NOW + 300_000, nowMs: NOW + 300_100 });
    pool.passed(member, facts);
    expect(told).toMatchObject([
      { what: 'recovered', who: 'a', said: [{ state: 'exhausted' }] },
      { what: 'ejected', who: 'a', said: null },
    ]);
    pool.passed(member, facts);
    expect(told).toHaveLength(2);
  });

  test('is nothing to tell when nothing was on trial, or the call had begun before', () => {
    const member = aMember('a');
    const { pool, told } = aPool([member]);
    pool.passed(member, theFacts());
    pool.report(member, { kind: 'cooling', ms: 1000 }, theFacts());
    pool.passed(member, theFacts({ nowMs: NOW + 1000 }));
    eject(member.originHealth);
    pool.passed(member, theFacts({ startedAtMs: NOW + 29_999, nowMs: NOW + 40_000 }));
    expect(told.map(({ what }) => what)).toEqual(['blocked']);
  });
});

describe('models', () => {
  const google = aKind({ id: 'google' });

  test('are those that were listed, once they are known', () => {
    const [a, b] = [aMember('a'), aMember('b')];
    const { pool } = aPool([a, b]);
    const who = (model: string) => [...pool.models.resolve(model).keys()].join('');
    expect(who('gpt')).toBe('ab');
    a.discovered = lists('gpt');
    b.discovered = lists('o3');
    // As before, until the pool is told to look.
    expect(who('o3')).toBe('ab');
    pool.remapModels();
    expect([who('gpt'), who('o3'), who('x')]).toEqual(['a', 'b', '']);
  });

  test('offers are each provider and upstream name once, made once', () => {
    const { pool } = aPool([
      aMember('a'),
      aMember('b'),
      aMember('c', { kind: google }),
      aMember('d'),
      aMember('e'),
    ]);
    const by = new Map([
      ['a', aService({ upstream: 'x' })],
      ['b', aService({ upstream: 'x' })],
      ['c', aService({ upstream: 'x' })],
      ['d', aService({ upstream: 'y' })],
    ]);
    const offers = pool.offers(by);
    expect(offers).toEqual([
      { kind: PLAIN, upstream: 'x' },
      { kind: google, upstream: 'x' },
      { kind: PLAIN, upstream: 'y' },
    ]);
    expect(pool.offers(by)).toBe(offers);
  });

  test('a caller’s credential serves what the pool’s rules say, and what its provider lists', () => {
    const models = [
      rule('g/*', { upstream: '*', provider: 'google' }),
      rule('*', { credentials: [] }),
    ];
    const { pool } = aPool([aMember('a', { kind: google })], { policy: { models } });
    const upstream = (model: string) =>
      pool.servedByOthers(google).resolve(model).get('caller')?.upstream;
    expect([upstream('g/pro'), upstream('pro')]).toEqual(['pro', undefined]);
    expect(pool.servedByOthers(PLAIN).resolve('g/pro').size).toBe(0);
    const before = pool.servedByOthers(google);
    expect(pool.servedByOthers(google)).toBe(before);
    first(pool.members).discovered = lists('flash');
    pool.remapModels();
    expect([upstream('g/pro'), upstream('g/flash')]).toEqual([undefined, 'flash']);
  });
});

const usable = (befall: (member: Member) => unknown, facts = {}) => {
  const member = aMember('a', facts);
  befall(member);
  return aPool([member]).pool.isUsable(member, NOW);
};

const applying =
  (effect: Effect, model = 'm') =>
  ({ health }: Member) =>
    health.apply(effect, theFacts({ model, status: 403 }), aHealthPolicy(), false);

describe('a credential is usable', () => {
  test.each<[string, boolean, (member: Member) => unknown]>([
    ['untouched', true, () => undefined],
    ['cooling for a model', true, applying({ kind: 'cooling', ms: 1000 })],
    ['forbidden for calls that name no model', true, applying({ kind: 'forbidden' }, '')],
    ['suspect', false, applying({ kind: 'unauthorized' })],
    ['exhausted for a model', true, applying({ kind: 'exhausted' })],
    [
      'exhausted for two',
      false,
      (member) => {
        for (const model of ['m', 'n']) applying({ kind: 'exhausted' }, model)(member);
      },
    ],
    [
      'banned for a model',
      true,
      ({ health }) =>
        health.ban({ id: 'b', model: 'm', untilMs: null, strike: 1, hasTrial: false }),
    ],
    [
      'banned',
      false,
      ({ health }) =>
        health.ban({ id: 'b', model: null, untilMs: null, strike: 1, hasTrial: false }),
    ],
    ['with an ejected origin', true, ({ originHealth }) => eject(originHealth)],
  ])('%s: %s', (_name, expected, befall) => expect(usable(befall)).toBe(expected));

  test.each([
    [null, false],
    [10_000_000n, false],
    [10_000_001n, true],
  ])('with a balance of %s where balances are told: %s', (balanceNano, expected) => {
    expect(usable(() => undefined, { kind: RICH, balanceNano })).toBe(expected);
  });
});

test('a rebuilt pool keeps its turn and the limits of its models', () => {
  const { pool } = aPool([aMember('a')], { selectedCredentialId: 'a' });
  expect(pool).toMatchObject({ id: 'p1', name: 'pool', strategy: 'round_robin' });
  expect(pool.turn).toEqual({ cursor: 0, selectedId: 'a' });
  pool.turn.cursor = 3;
  pool.turn.selectedId = 'b';
  const limited = aService({ rpm: 1 });
  pool.modelLimits.take(limited, 0, 0);
  const rebuilt = aPool([aMember('a')], { selectedCredentialId: 'a', before: pool }).pool;
  expect(rebuilt.turn).toBe(pool.turn);
  expect(rebuilt.modelLimits.waitMs(limited, 0, 1000)).toBe(59_000);
});

test('members are found by their id', () => {
  const member = aMember('a');
  const { pool } = aPool([member]);
  expect([pool.member('a'), pool.member('b')]).toEqual([member, undefined]);
});
