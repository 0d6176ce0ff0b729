import { describe, expect, test } from '@jest/globals';
import type { HealthPolicy } from '../../../src/entities/pool-policy.ts';
import type { Effect, EffectFacts } from '../../../src/pool/effect.ts';
import { Health } from '../../../src/pool/health.ts';
import { MINUTE_MS, NOW, aHealthPolicy, theFacts } from './fixture.ts';

const COOLING: Effect = { kind: 'cooling', ms: null };
const UNAUTHORIZED: Effect = { kind: 'unauthorized' };
const FORBIDDEN: Effect = { kind: 'forbidden' };
const EXHAUSTED: Effect = { kind: 'exhausted' };

const STATUS: Partial<Record<Effect['kind'], number>> = {
  cooling: 429,
  unauthorized: 401,
  forbidden: 403,
  exhausted: 402,
  origin: 503,
  served: 200,
};

interface How extends Partial<EffectFacts> {
  policy?: HealthPolicy;
  hasBalance?: boolean;
}

/** What an answer for model `m` leads to: now, and to a call that began now, unless told. */
function apply(health: Health, effect: Effect, how: How = {}) {
  const { policy = aHealthPolicy(), hasBalance = false, ...facts } = how;
  return health.apply(
    effect,
    theFacts({ status: STATUS[effect.kind] ?? 400, ...facts }),
    policy,
    hasBalance,
  );
}

const reason = (health: Health, nowMs = NOW, model = 'm') =>
  health.exclusion(model, nowMs)?.reason ?? null;

/** How it stands for the model of the effect and for another. */
const reasons = (health: Health, nowMs = NOW) => [
  reason(health, nowMs),
  reason(health, nowMs, 'other'),
];

interface BanFields {
  id?: string;
  model?: string | null;
  untilMs?: number | null;
  strike?: number;
  hasTrial?: boolean;
}

const ban = (health: Health, fields: BanFields = {}) =>
  health.ban({ id: 'b1', model: null, untilMs: null, strike: 1, hasTrial: false, ...fields });

const OFF = { isOnTrial: false };
const ON = { isOnTrial: true };

/** So many 429s, each to the first call after the one before. */
function course(health: Health, times: number, nowMs = NOW): { lasts: number[]; nowMs: number } {
  const lasts: number[] = [];
  for (let nth = 0; nth < times; nth += 1) {
    const untilMs = apply(health, COOLING, { nowMs }).block?.untilMs ?? 0;
    lasts.push(untilMs - nowMs);
    nowMs = untilMs;
  }
  return { lasts, nowMs };
}

describe('cooling', () => {
  test.each([
    ['no wait told', null, 1000],
    ['seven seconds', 7000, 7000],
    ['no time at all', 0, 100],
    ['a year', 31_536_000_000, 3_600_000],
    ['an absurd number', 1e30, 3_600_000],
  ])('%s: %s → %i ms, for the model alone', (_name, ms, expected) => {
    const health = new Health();
    const untilMs = NOW + expected;
    expect(apply(health, { kind: 'cooling', ms })).toEqual({
      block: { state: 'cooling', model: 'm', untilMs, strike: 1, hasTrial: false, banId: null },
      sentence: null,
      wantsProbe: false,
      wantsBalance: false,
    });
    expect(health.exclusion('m', untilMs - 1)).toEqual({ reason: 'cooling', untilMs });
    expect(reasons(health)).toEqual(['cooling', null]);
    expect(reason(health, untilMs)).toBeNull();
  });

  test('untold, it doubles from one second to sixty', () => {
    const { lasts } = course(new Health(), 9);
    expect(lasts).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  });

  test('an answer to a call that began after it begins the row anew', () => {
    const health = new Health();
    const { nowMs } = course(health, 3);
    expect(health.passed('m', nowMs)).toEqual([]);
    expect(course(health, 2, nowMs).lasts).toEqual([1000, 2000]);
  });

  test.each([
    ['that began before its end', 'm', -1],
    ['for another model', 'other', 0],
  ])('an answer to a call %s does not', (_name, model, offsetMs) => {
    const health = new Health();
    const { nowMs } = course(health, 3);
    health.passed(model, nowMs + offsetMs);
    expect(course(health, 1, nowMs).lasts).toEqual([8000]);
  });

  test('calls that began together and fail together are one strike', () => {
    const health = new Health();
    const blocks = Array.from({ length: 200 }, () => apply(health, COOLING).block);
    expect(blocks.slice(1)).toEqual(Array.from({ length: 199 }, () => null));
    expect(health.exclusion('m', NOW)).toEqual({ reason: 'cooling', untilMs: NOW + 1000 });
    expect(course(health, 1, NOW + 1000).lasts).toEqual([2000]);
  });

  test('the later end wins, and only the beginning is news', () => {
    const health = new Health();
    apply(health, { kind: 'cooling', ms: 5000 });
    expect(apply(health, { kind: 'cooling', ms: 1000 }).block).toBeNull();
    expect(health.exclusion('m', NOW)?.untilMs).toBe(NOW + 5000);
    expect(apply(health, { kind: 'cooling', ms: 9000 }).block).toBeNull();
    expect(health.exclusion('m', NOW)?.untilMs).toBe(NOW + 9000);
    expect(apply(health, COOLING, { nowMs: NOW + 9000 }).block).toMatchObject({ strike: 2 });
  });

  test.each([
    ['five minutes, whatever is told (C)', { scope: 'credential', ms: 300_000 }, 2000, 300_000],
    ['five minutes, however often', { scope: 'credential', ms: 300_000 }, null, 300_000],
    ['as told', { scope: 'credential', ms: null }, 2000, 2000],
    ['a fixed time is clamped as well', { scope: 'credential', ms: 1 }, null, 100],
  ] as const)('of the whole credential: %s', (_name, rateLimited, ms, expected) => {
    const health = new Health();
    const policy = aHealthPolicy({ rateLimited });
    for (const nowMs of [NOW, NOW + expected]) {
      const { block } = apply(health, { kind: 'cooling', ms }, { policy, nowMs });
      expect(block).toMatchObject({ state: 'cooling', model: null, untilMs: nowMs + expected });
      expect(reasons(health, nowMs)).toEqual(['cooling', 'cooling']);
    }
    expect(reasons(health, NOW + 2 * expected)).toEqual([null, null]);
  });
});

describe('forbidden and suspect', () => {
  test('403: the model for thirty seconds, and a probe', () => {
    const health = new Health();
    const outcome = apply(health, FORBIDDEN);
    expect(outcome).toMatchObject({ wantsProbe: true, wantsBalance: false, sentence: null });
    expect(outcome.block).toMatchObject({ state: 'forbidden', model: 'm', untilMs: NOW + 30_000 });
    expect(reasons(health)).toEqual(['forbidden', null]);
    expect(reasons(health, NOW + 30_000)).toEqual([null, null]);
  });

  test('404 for a model it lacks: the same, but nothing to probe', () => {
    const health = new Health();
    expect(apply(health, FORBIDDEN, { status: 404 })).toMatchObject({ wantsProbe: false });
    expect(reasons(health)).toEqual(['forbidden', null]);
  });

  test('401: the whole credential until the probe has answered, the model a while longer', () => {
    const health = new Health();
    const outcome = apply(health, UNAUTHORIZED);
    expect(outcome).toMatchObject({ wantsProbe: true, wantsBalance: false });
    expect(outcome.block).toMatchObject({ state: 'suspect', model: null, untilMs: NOW + 30_000 });
    expect(reasons(health)).toEqual(['suspect', 'suspect']);
    expect(health.clearSuspicion()).toBe(true);
    expect(reasons(health)).toEqual(['forbidden', null]);
    expect(health.clearSuspicion()).toBe(false);
  });

  test('a probe that never ends leaves it suspect no longer than thirty seconds', () => {
    const health = new Health();
    apply(health, UNAUTHORIZED);
    expect(reasons(health, NOW + 29_999)).toEqual(['suspect', 'suspect']);
    expect(reasons(health, NOW + 30_000)).toEqual([null, null]);
  });

  test('within thirty seconds a further 401 concerns its model alone, and asks for no probe', () => {
    const health = new Health();
    apply(health, UNAUTHORIZED);
    expect(apply(health, UNAUTHORIZED)).toMatchObject({ block: null, wantsProbe: false });
    health.clearSuspicion();
    const nowMs = NOW + 29_999;
    const again = apply(health, UNAUTHORIZED, { nowMs, model: 'other' });
    expect(again).toMatchObject({ wantsProbe: false, block: { state: 'forbidden' } });
    expect(reasons(health, nowMs)).toEqual(['forbidden', 'forbidden']);
    expect(reason(health, nowMs, 'third')).toBeNull();
    const later = apply(health, UNAUTHORIZED, { nowMs: NOW + 30_000 });
    expect(later).toMatchObject({ wantsProbe: true, block: { state: 'suspect', model: null } });
    expect(reason(health, NOW + 30_000, 'third')).toBe('suspect');
  });

  test.each([
    ['the wall clock was set back', () => undefined, -86_400_000],
    [
      'a ban of the whole credential has ended',
      (health: Health) => {
        ban(health);
        health.endBan('b1', NOW, ON);
      },
      1000,
    ],
  ])('sooner where %s', (_name, happen, offsetMs) => {
    const health = new Health();
    apply(health, UNAUTHORIZED);
    happen(health);
    expect(apply(health, UNAUTHORIZED, { nowMs: NOW + offsetMs }).wantsProbe).toBe(true);
  });

  test('a 403, which has its own measure of probes, puts off no suspicion', () => {
    const health = new Health();
    apply(health, FORBIDDEN);
    expect(apply(health, UNAUTHORIZED)).toMatchObject({ wantsProbe: true });
    expect(reasons(health)).toEqual(['suspect', 'suspect']);
  });

  test.each([UNAUTHORIZED, FORBIDDEN])(
    'where 401 and 403 are ignored, %j does nothing',
    (effect) => {
      const health = new Health();
      const policy = aHealthPolicy({ unauthorized: 'ignore' });
      expect(apply(health, effect, { policy })).toEqual({
        block: null,
        sentence: null,
        wantsProbe: false,
        wantsBalance: false,
      });
      expect(health.isClear).toBe(true);
    },
  );
});

describe('exhausted', () => {
  test('with a balance to ask for it waits for money, however long, and for no call', () => {
    const health = new Health();
    const outcome = apply(health, EXHAUSTED, { hasBalance: true });
    expect(outcome).toMatchObject({ wantsBalance: true, wantsProbe: false });
    expect(outcome.block).toMatchObject({ state: 'exhausted', model: null, untilMs: Infinity });
    const years = NOW + 1e11;
    expect(reasons(health, years)).toEqual(['exhausted', 'exhausted']);
    expect([health.passed('m', years), health.beginTrial('m', years)]).toEqual([[], []]);
    expect(reasons(health, years)).toEqual(['exhausted', 'exhausted']);
  });

  test.each([
    ['asked for this very call: only its model waits on', true, ['forbidden', null]],
    ['asked anyway', false, [null, null]],
  ])('money is seen, %s', (_name, isOwnCheck, expected) => {
    const health = new Health();
    apply(health, EXHAUSTED, { hasBalance: true });
    expect(health.refill(NOW + 5, { isOwnCheck })).toBe(true);
    expect(reasons(health, NOW + 5)).toEqual(expected);
    expect(reasons(health, NOW + 30_005)).toEqual([null, null]);
    expect(health.refill(NOW + 6, { isOwnCheck })).toBe(false);
  });

  test('money helps nobody who has other troubles', () => {
    const health = new Health();
    expect(health.refill(NOW, { isOwnCheck: true })).toBe(false);
    ban(health);
    apply(health, COOLING, { model: 'other' });
    expect(health.refill(NOW, { isOwnCheck: true })).toBe(false);
    expect(reasons(health)).toEqual(['banned', 'banned']);
  });

  test('without one it waits five minutes, then doubles up to an hour while trials fail', () => {
    const health = new Health();
    let nowMs = NOW;
    const minutes = [1, 2, 3, 4, 5, 6].map(() => {
      const outcome = apply(health, EXHAUSTED, { nowMs });
      expect(outcome).toMatchObject({ wantsBalance: false });
      const untilMs = outcome.block?.untilMs ?? 0;
      const lastedMs = untilMs - nowMs;
      nowMs = untilMs;
      return lastedMs / MINUTE_MS;
    });
    expect(minutes).toEqual([5, 10, 20, 40, 60, 60]);
  });

  test('calls that began together and fail together are one strike', () => {
    const health = new Health();
    for (let call = 0; call < 200; call += 1) apply(health, EXHAUSTED);
    expect(health.exclusion('m', NOW)?.untilMs).toBe(NOW + 5 * MINUTE_MS);
    expect(health.blocks(NOW)).toMatchObject([{ state: 'exhausted', model: 'm', strike: 1 }]);
  });

  test('with none to ask, one model without money says nothing of the others', () => {
    const health = new Health();
    for (const offsetMs of [0, 1, 2]) apply(health, EXHAUSTED, { nowMs: NOW + offsetMs });
    expect(reasons(health)).toEqual(['exhausted', null]);
  });

  test('a second model without money meanwhile: the whole credential, as news', () => {
    const health = new Health();
    apply(health, EXHAUSTED);
    const nowMs = NOW + 5 * MINUTE_MS - 1;
    const { block } = apply(health, EXHAUSTED, { nowMs, model: 'other' });
    const untilMs = nowMs + 5 * MINUTE_MS;
    expect(block).toMatchObject({ state: 'exhausted', model: null, untilMs, strike: 1 });
    expect(reason(health, nowMs, 'third')).toBe('exhausted');
    expect(apply(health, EXHAUSTED, { nowMs, model: 'third' }).block).toBeNull();
    expect(reason(health, untilMs, 'third')).toBeNull();
  });

  test('a second one after the first has waited: each for itself', () => {
    const health = new Health();
    apply(health, EXHAUSTED);
    const nowMs = NOW + 5 * MINUTE_MS;
    const { block } = apply(health, EXHAUSTED, { nowMs, model: 'other' });
    expect(block).toMatchObject({ state: 'exhausted', model: 'other' });
    expect(reason(health, nowMs, 'third')).toBeNull();
  });

  test('of the whole credential it waits twice as long each time that two models confirm it', () => {
    const health = new Health();
    let nowMs = NOW;
    const minutes = [1, 2, 3].map(() => {
      apply(health, EXHAUSTED, { nowMs });
      const untilMs = apply(health, EXHAUSTED, { nowMs, model: 'other' }).block?.untilMs ?? 0;
      const lastedMs = untilMs - nowMs;
      nowMs = untilMs;
      return lastedMs / MINUTE_MS;
    });
    expect(minutes).toEqual([5, 10, 20]);
  });

  test('a ban of a model hides its missing money, which hides its cooling', () => {
    const health = new Health();
    apply(health, COOLING);
    apply(health, EXHAUSTED);
    expect(reason(health)).toBe('exhausted');
    ban(health, { model: 'm' });
    expect(reason(health)).toBe('banned');
  });
});

describe('an unwell origin', () => {
  test('sets the model aside if it says for how long', () => {
    const health = new Health();
    const policy = aHealthPolicy({ rateLimited: { scope: 'credential', ms: 300_000 } });
    const outcome = apply(health, { kind: 'origin', isWhole: false, ms: 7000 }, { policy });
    expect(outcome).toMatchObject({ block: { state: 'cooling', model: 'm' }, sentence: null });
    expect(health.exclusion('m', NOW)).toEqual({ reason: 'cooling', untilMs: NOW + 7000 });
    expect(reason(health, NOW, 'other')).toBeNull();
  });

  test.each<Effect>([
    { kind: 'origin', isWhole: true, ms: null },
    { kind: 'origin', isWhole: false, ms: null },
    { kind: 'served' },
    { kind: 'none' },
  ])('%j blames the credential for nothing', (effect) => {
    const health = new Health();
    apply(health, effect);
    expect(health.isClear).toBe(true);
  });
});

describe('the reason told', () => {
  const whole = aHealthPolicy({ rateLimited: { scope: 'credential', ms: null } });
  /** From the weakest to the strongest: each hides all before it. */
  const steps: [string, (health: Health) => void][] = [
    ['forbidden', (health) => void apply(health, FORBIDDEN)],
    ['cooling', (health) => void apply(health, COOLING)],
    ['banned', (health) => ban(health, { id: 'of-model', model: 'm' })],
    ['cooling', (health) => void apply(health, COOLING, { policy: whole })],
    ['suspect', (health) => void apply(health, UNAUTHORIZED)],
    ['exhausted', (health) => void apply(health, EXHAUSTED, { hasBalance: true })],
    ['banned', (health) => ban(health, { id: 'whole' })],
  ];

  test('is the strongest in force, and of the whole credential before the model', () => {
    const health = new Health();
    const told = steps.map(([, step]) => {
      step(health);
      return reason(health);
    });
    expect(told).toEqual(steps.map(([state]) => state));
    // A ban takes the suspicion's place; everything else is listed.
    const states = health.blocks(NOW).map(({ state, model }) => `${state} ${model ?? 'all'}`);
    expect(states.toSorted()).toEqual([
      'banned all',
      'banned m',
      'cooling all',
      'cooling m',
      'exhausted all',
      'forbidden m',
    ]);
    // Forbidden: by 403 and by 401 alike, thirty seconds.
    expect(health.blocks(NOW + 30_000).map(({ state }) => state)).not.toContain('forbidden');
  });
});

/** The whole credential has to be tried, and nothing else: what two models found was all it took. */
function onTrial(): Health {
  const health = new Health();
  noMoney(health, NOW);
  return health;
}

function noMoney(health: Health, nowMs: number) {
  apply(health, EXHAUSTED, { model: 'dear', nowMs });
  return apply(health, EXHAUSTED, { model: 'dearer', nowMs });
}

describe('a trial', () => {
  const OVER = NOW + 5 * MINUTE_MS;

  test('is begun by exactly one of a hundred calls', () => {
    const health = onTrial();
    expect(health.beginTrial('m', OVER - 1)).toEqual([]);
    const claims = Array.from({ length: 100 }, () =>
      health.exclusion('m', OVER) === null ? health.beginTrial('m', OVER) : null,
    );
    expect(claims.filter((claim) => claim !== null)).toEqual([claims[0]]);
    expect(claims[0]).toHaveLength(1);
    expect(health.exclusion('other', OVER)).toEqual({ reason: 'on_trial', untilMs: OVER });
  });

  test('that told nothing leaves it to the next call', () => {
    const health = onTrial();
    health.endTrial(health.beginTrial('m', OVER));
    expect(reasons(health, OVER)).toEqual([null, null]);
    health.beginTrial('m', OVER);
    expect(reasons(health, OVER)).toEqual(['on_trial', 'on_trial']);
  });

  test('that succeeds ends the block for all', () => {
    const health = onTrial();
    const claim = health.beginTrial('m', OVER);
    expect(health.passed('m', OVER)).toMatchObject([{ state: 'exhausted', model: null }]);
    expect(reasons(health, OVER)).toEqual([null, null]);
    health.endTrial(claim);
    expect(health.beginTrial('m', OVER)).toEqual([]);
    expect(noMoney(health, OVER).block).toMatchObject({ model: null, strike: 1 });
  });

  test('that fails blocks for longer, and the next one is another call’s', () => {
    const health = onTrial();
    const claim = health.beginTrial('m', OVER);
    const { block } = noMoney(health, OVER);
    expect(block).toMatchObject({ model: null, strike: 2, untilMs: OVER + 10 * MINUTE_MS });
    health.endTrial(claim);
    expect(reasons(health, OVER)).toEqual(['exhausted', 'exhausted']);
    expect(reasons(health, OVER + 10 * MINUTE_MS)).toEqual([null, null]);
    expect(health.beginTrial('other', OVER + 10 * MINUTE_MS)).toHaveLength(1);
  });

  test('is not given up by a call that held an earlier one and ends only now', () => {
    const health = onTrial();
    const slow = health.beginTrial('m', OVER);
    health.passed('m', OVER);
    noMoney(health, OVER);
    const later = OVER + 5 * MINUTE_MS;
    expect(reasons(health, later)).toEqual([null, null]);
    health.beginTrial('m', later);
    health.endTrial(slow);
    expect(reasons(health, later)).toEqual(['on_trial', 'on_trial']);
  });

  test('is not ended by a call that began before the block’s time was over', () => {
    const health = onTrial();
    expect(health.passed('m', OVER - 1)).toEqual([]);
    health.beginTrial('m', OVER);
    expect(reasons(health, OVER)).toEqual(['on_trial', 'on_trial']);
  });

  test('of one model is claimed by calls of that model only', () => {
    const health = new Health();
    ban(health, { model: 'm' });
    health.endBan('b1', NOW, ON);
    expect(health.beginTrial('other', NOW)).toEqual([]);
    expect(health.beginTrial('m', NOW)).toHaveLength(1);
    expect(reasons(health)).toEqual(['on_trial', null]);
    expect(health.passed('other', NOW)).toEqual([]);
    expect(health.passed('m', NOW)).toMatchObject([{ state: 'banned', model: 'm' }]);
  });

  test('several are claimed and ended together', () => {
    const health = onTrial();
    ban(health, { model: 'm' });
    health.endBan('b1', OVER, ON);
    expect(health.beginTrial('m', OVER)).toHaveLength(2);
    expect(health.passed('m', OVER).map(({ state }) => state)).toEqual(['exhausted', 'banned']);
  });

  test('nothing on trial, nothing to claim: cooling needs none', () => {
    const health = new Health();
    expect(health.beginTrial('m', NOW)).toEqual([]);
    apply(health, COOLING);
    expect(health.beginTrial('m', NOW + 1000)).toEqual([]);
    expect(health.passed('m', NOW + 1000)).toEqual([]);
  });
});

describe('bans', () => {
  test.each([
    ['the whole credential', null, ['banned', 'banned']],
    ['one model', 'm', ['banned', null]],
  ])('of %s', (_name, model, expected) => {
    const health = new Health();
    ban(health, { model, untilMs: NOW + 1000 });
    expect(reasons(health)).toEqual(expected);
    expect(health.exclusion('m', NOW)).toEqual({ reason: 'banned', untilMs: NOW + 1000 });
    expect(reasons(health, NOW + 1000)).toEqual([null, null]);
    expect(health.banIds()).toEqual(['b1']);
  });

  test('end by their id alone', () => {
    const health = new Health();
    ban(health, { id: 'whole' });
    ban(health, { id: 'of-model', model: 'm' });
    health.endBan('unknown', NOW, OFF);
    expect(health.banIds()).toEqual(['whole', 'of-model']);
    health.endBan('whole', NOW, OFF);
    expect(reasons(health)).toEqual(['banned', null]);
    health.endBan('of-model', NOW, OFF);
    expect(reasons(health)).toEqual([null, null]);
    expect(health.banIds()).toEqual([]);
    expect(health.isClear).toBe(true);
  });

  test('end with a trial: one call first, then all', () => {
    const health = new Health();
    ban(health);
    health.endBan('b1', NOW, ON);
    expect([health.banIds(), reasons(health)]).toEqual([[], [null, null]]);
    health.beginTrial('m', NOW);
    expect(reasons(health)).toEqual(['on_trial', 'on_trial']);
    expect(health.passed('m', NOW)).toMatchObject([{ state: 'banned', banId: null }]);
    expect(reasons(health)).toEqual([null, null]);
  });

  test('one that has a trial of its own lasts until a call has succeeded', () => {
    const health = new Health();
    ban(health, { untilMs: NOW + 1000, hasTrial: true });
    health.beginTrial('m', NOW + 1000);
    expect(reasons(health, NOW + 5000)).toEqual(['on_trial', 'on_trial']);
    health.passed('m', NOW + 1000);
    // Its timer may be late: what a call has ended is over.
    health.endBan('b1', NOW + 1001, ON);
    expect(health.beginTrial('m', NOW + 2000)).toEqual([]);
  });

  test.each([
    ['the longer one first', ['long', 'short']],
    ['the shorter one first', ['short', 'long']],
  ])('several for the same hold until the last has ended: imposed %s', (_name, order) => {
    for (const model of [null, 'm']) {
      for (const ending of [OFF, ON]) {
        const health = new Health();
        const untilMs: Record<string, number | null> = { long: null, short: NOW + 1000 };
        for (const id of order) ban(health, { id, model, untilMs: untilMs[id] ?? null });
        health.endBan('short', NOW + 1000, ending);
        expect(health.exclusion('m', NOW + 1000)).toEqual({ reason: 'banned', untilMs: Infinity });
        ban(health, { id: 'short', model, untilMs: NOW + 5000 });
        health.endBan('long', NOW + 2000, ending);
        expect(health.exclusion('m', NOW + 2000)).toEqual({
          reason: 'banned',
          untilMs: NOW + 5000,
        });
        expect(health.beginTrial('m', NOW + 2000)).toEqual([]);
        health.endBan('short', NOW + 3000, ending);
        expect(reason(health, NOW + 3000)).toBeNull();
        expect(health.beginTrial('m', NOW + 3000)).toHaveLength(ending.isOnTrial ? 1 : 0);
      }
    }
  });

  test('no success undoes one: not of a call that began before, nor of one sent nonetheless', () => {
    const health = new Health();
    ban(health);
    expect([health.passed('m', NOW - 1), health.passed('m', NOW + 1e9)]).toEqual([[], []]);
    expect(reasons(health, NOW + 1e9)).toEqual(['banned', 'banned']);
  });

  test.each<[string, Effect, How]>([
    ['401', UNAUTHORIZED, {}],
    ['403', FORBIDDEN, {}],
    ['402', EXHAUSTED, { hasBalance: true }],
    ['429', COOLING, {}],
    ['503 with a time', { kind: 'origin', isWhole: false, ms: 5000 }, {}],
  ])('of the whole credential make late answers meaningless: %s', (_name, effect, how) => {
    const health = new Health();
    ban(health);
    const rules = [{ statuses: [STATUS[effect.kind] ?? 0], failuresMax: 1, banMs: 1000 }];
    const policy = aHealthPolicy({ counted: { rules, windowMs: null, isEscalating: false } });
    expect(apply(health, effect, { ...how, policy, startedAtMs: NOW - 1 })).toEqual({
      block: null,
      sentence: null,
      wantsProbe: false,
      wantsBalance: false,
    });
    health.endBan('b1', NOW, OFF);
    expect(health.isClear).toBe(true);
  });

  test('the strike of the next one grows until a call succeeds or a ban ends for good', () => {
    const health = new Health();
    expect(health.nextBanStrike()).toBe(1);
    ban(health, { strike: 4 });
    expect(health.nextBanStrike()).toBe(5);
    health.endBan('b1', NOW, ON);
    expect(health.nextBanStrike()).toBe(5);
    health.passed('m', NOW);
    expect(health.nextBanStrike()).toBe(1);
    ban(health, { id: 'b2', strike: 2 });
    health.endBan('b2', NOW, OFF);
    expect(health.nextBanStrike()).toBe(1);
  });
});

describe('counting', () => {
  const rules = [{ statuses: [401, 429, 500], failuresMax: 3, banMs: MINUTE_MS }];
  const plain = aHealthPolicy({ counted: { rules, windowMs: null, isEscalating: false } });
  const escalating = aHealthPolicy({ counted: { rules, windowMs: null, isEscalating: true } });
  const ORIGIN: Effect = { kind: 'origin', isWhole: false, ms: null };

  /** The sentence of the last of three failures. */
  function three(health: Health, policy: HealthPolicy, nowMs = NOW) {
    const said = [1, 2, 3].map(
      () => apply(health, ORIGIN, { policy, status: 500, nowMs }).sentence,
    );
    expect(said.slice(0, 2)).toEqual([null, null]);
    return said[2] ?? null;
  }

  test('adds a sentence to whatever else an answer leads to, and imposes it nowhere itself', () => {
    const health = new Health();
    apply(health, ORIGIN, { policy: plain, status: 500 });
    apply(health, UNAUTHORIZED, { policy: plain, requestId: 'r2' });
    const outcome = apply(health, COOLING, { policy: plain, requestId: 'r3' });
    expect(outcome.block).toMatchObject({ state: 'cooling' });
    expect(outcome.sentence).toMatchObject({
      model: 'm',
      reason: 'counted',
      evidence: { statuses: [500, 401, 429], requestIds: ['r1', 'r2', 'r3'] },
    });
    expect(health.banIds()).toEqual([]);
  });

  test('begins again with a success served to its end', () => {
    const health = new Health();
    for (let round = 0; round < 3; round += 1) {
      for (const effect of [ORIGIN, ORIGIN, { kind: 'served' } as const]) {
        expect(apply(health, effect, { policy: plain, status: 500 }).sentence).toBeNull();
      }
    }
    expect(three(health, plain)).not.toBeNull();
  });

  test('passes over what is nobody’s fault, whatever its status', () => {
    const health = new Health();
    for (let times = 0; times < 9; times += 1) {
      const outcome = apply(health, { kind: 'none' }, { policy: plain, status: 500 });
      expect(outcome.sentence).toBeNull();
    }
    expect(three(health, plain)).not.toBeNull();
  });

  test('stops while the model is banned, and begins at zero when the ban ends', () => {
    for (const ending of [OFF, ON]) {
      const health = new Health();
      apply(health, ORIGIN, { policy: plain, status: 500 });
      ban(health, { model: 'm' });
      for (let nth = 0; nth < 9; nth += 1) {
        expect(apply(health, ORIGIN, { policy: plain, status: 500 }).sentence).toBeNull();
      }
      health.endBan('b1', NOW, ending);
      expect(three(health, plain)).not.toBeNull();
    }
  });

  test('escalates from one ban to the next while no call succeeds', () => {
    const health = new Health();
    let nowMs = NOW;
    const terms = ['a', 'b', 'c'].map((id) => {
      const sentence = three(health, escalating, nowMs);
      ban(health, {
        id,
        model: 'm',
        untilMs: sentence?.untilMs ?? 0,
        strike: sentence?.strike ?? 0,
      });
      const lastedMs = (sentence?.untilMs ?? 0) - nowMs;
      nowMs = sentence?.untilMs ?? 0;
      health.endBan(id, nowMs, ON);
      return [sentence?.strike, lastedMs / MINUTE_MS];
    });
    expect(terms).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
    ]);
    health.passed('m', nowMs);
    expect(three(health, escalating, nowMs)).toMatchObject({ strike: 1 });
  });

  test('a trial that fails is a first failure, and the next call tries', () => {
    const health = new Health();
    ban(health, { model: 'm' });
    health.endBan('b1', NOW, ON);
    const claim = health.beginTrial('m', NOW);
    expect(apply(health, ORIGIN, { policy: escalating, status: 500 }).sentence).toBeNull();
    expect(reason(health)).toBe('on_trial');
    health.endTrial(claim);
    expect(health.beginTrial('m', NOW)).toHaveLength(1);
  });
});

const flood = (health: Health, times: number) => {
  for (let at = 0; at < times; at += 1) apply(health, FORBIDDEN, { model: `invented ${at}` });
};

describe('names of models that clients invent', () => {
  test('do not pile up: the oldest block of a model is forgotten', () => {
    const health = new Health();
    flood(health, 2500);
    expect(health.blocks(NOW)).toHaveLength(2000);
    expect(reason(health, NOW, 'invented 499')).toBeNull();
    expect(reason(health, NOW, 'invented 500')).toBe('forbidden');
  });

  test('drive out neither a ban nor what holds for the whole credential', () => {
    const health = new Health();
    apply(health, EXHAUSTED, { hasBalance: true });
    ban(health, { id: 'of-model', model: 'm' });
    flood(health, 2500);
    expect(health.blocks(NOW).map(({ state }) => state)).toContain('exhausted');
    expect(health.banIds()).toEqual(['of-model']);
    health.refill(NOW, { isOwnCheck: false });
    expect(reasons(health)).toEqual(['banned', null]);
  });

  test('have no more than a thousand bans imposed by counting', () => {
    const health = new Health();
    const rules = [{ statuses: [403], failuresMax: 1, banMs: null }];
    const policy = aHealthPolicy({ counted: { rules, windowMs: null, isEscalating: false } });
    let sentences = 0;
    for (let at = 0; at < 1500; at += 1) {
      const { sentence } = apply(health, FORBIDDEN, { policy, model: `invented ${at}` });
      if (sentence === null) continue;
      sentences += 1;
      ban(health, { id: `b${at}`, model: sentence.model });
    }
    expect([sentences, health.banIds().length]).toEqual([1000, 1000]);
    expect(reason(health, NOW, 'invented 0')).toBe('banned');
  });
});

test('a reset forgets all but the bans in force', () => {
  const health = new Health();
  const take = (effect: Effect, model: string, nowMs = NOW) =>
    health.apply(effect, theFacts({ model, nowMs }), aHealthPolicy(), true);
  take({ kind: 'cooling', ms: 9000 }, 'a');
  take({ kind: 'unauthorized' }, 'b');
  take({ kind: 'exhausted' }, 'c');
  health.ban({ id: 'x', model: 'd', untilMs: null, strike: 2, hasTrial: false });
  health.ban({ id: 'y', model: 'e', untilMs: null, strike: 2, hasTrial: false });
  health.endBan('y', NOW, { isOnTrial: true });
  health.beginTrial('e', NOW);
  health.reset();
  const told = ['a', 'b', 'c', 'd', 'e'].map((model) => health.exclusion(model, NOW)?.reason);
  expect(told).toEqual([undefined, undefined, undefined, 'banned', undefined]);
  expect(health.nextBanStrike()).toBe(1);
  // The next refusal is as good as the first one.
  expect(take({ kind: 'unauthorized' }, 'b').wantsProbe).toBe(true);
});
