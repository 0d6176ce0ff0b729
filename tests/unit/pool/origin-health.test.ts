import { describe, expect, test } from '@jest/globals';
import type { Ejection } from '../../../src/entities/pool-policy.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import type { EffectFacts } from '../../../src/pool/effect.ts';
import type { OriginHealth } from '../../../src/pool/origin-health.ts';
import { NOW, anOrigin, theFacts } from './fixture.ts';

const POLICY: Ejection = { failures: 5, ms: 30_000, maxMs: 300_000 };

interface How extends Partial<EffectFacts> {
  isWhole?: boolean;
  times?: number;
}

/** The last answer of so many failures in a row, five unless told. */
function fail(origin: OriginHealth, { isWhole = false, times = 5, ...facts }: How = {}) {
  let untilMs: number | null = null;
  for (let nth = 0; nth < times; nth += 1) {
    untilMs = origin.failed(theFacts({ status: 500, ...facts }), isWhole, POLICY);
  }
  return untilMs;
}

const reasons = (origin: OriginHealth, nowMs: number) =>
  ['m', 'other'].map((model) => origin.exclusion(model, nowMs)?.reason ?? null);

describe('ejection', () => {
  test('five failures in a row eject, four do not', () => {
    const origin = anOrigin();
    expect(fail(origin, { times: 4 })).toBeNull();
    expect(reasons(origin, NOW)).toEqual([null, null]);
    expect(fail(origin, { times: 1 })).toBe(NOW + 30_000);
    expect(origin.exclusion('m', NOW)).toEqual({ reason: 'ejected', untilMs: NOW + 30_000 });
    expect(origin.exclusion('m', NOW + 29_999)?.reason).toBe('ejected');
    expect(origin.exclusion('m', NOW + 30_000)).toBeNull();
  });

  test.each([
    ['a model', false, ['ejected', null]],
    ['the whole origin', true, ['ejected', 'ejected']],
  ])('%s', (_name, isWhole, expected) => {
    const origin = anOrigin();
    fail(origin, { isWhole });
    expect(reasons(origin, NOW)).toEqual(expected);
  });

  test.each([
    ['a call of the model served in between', 'm', null],
    ['one of another model tells nothing of this', 'other', NOW + 30_000],
  ])('%s', (_name, servedModel, untilMs) => {
    const origin = anOrigin();
    fail(origin, { times: 4 });
    origin.served(servedModel);
    expect(fail(origin, { times: 1 })).toBe(untilMs);
  });

  test('any call served shows that connections can be made', () => {
    const origin = anOrigin();
    fail(origin, { isWhole: true, times: 4 });
    origin.served('other');
    expect(fail(origin, { isWhole: true, times: 4 })).toBeNull();
    expect(fail(origin, { isWhole: true, times: 1 })).not.toBeNull();
  });

  test('failures with a connection and without are counted apart', () => {
    const origin = anOrigin();
    fail(origin, { times: 4 });
    expect(fail(origin, { isWhole: true, times: 4 })).toBeNull();
    expect(reasons(origin, NOW)).toEqual([null, null]);
  });

  test('calls that name no model are a model of their own, not all of them', () => {
    const origin = anOrigin();
    fail(origin, { model: '' });
    expect(origin.exclusion('', NOW)?.reason).toBe('ejected');
    expect(reasons(origin, NOW)).toEqual([null, null]);
  });

  test('calls begun before its end say nothing new, failed or answered', () => {
    const origin = anOrigin();
    fail(origin);
    const late = { nowMs: NOW + 31_000, startedAtMs: NOW + 29_999 };
    expect(fail(origin, { ...late, times: 10 })).toBeNull();
    expect(origin.passed('m', NOW + 29_999)).toBe(false);
    expect(origin.exclusion('m', NOW + 29_999)).toEqual({
      reason: 'ejected',
      untilMs: NOW + 30_000,
    });
    expect(origin.passed('m', NOW + 30_000)).toBe(true);
  });

  test('lasts so long, give or take ten percent', () => {
    const random = seededRandom(7);
    const lasts = Array.from({ length: 500 }, () => {
      const untilMs = fail(anOrigin(random)) ?? 0;
      return untilMs - NOW;
    });
    const [shortest, longest] = [Math.min(...lasts), Math.max(...lasts)];
    expect(shortest).toBeGreaterThanOrEqual(27_000);
    expect(shortest).toBeLessThan(27_500);
    expect(longest).toBeLessThanOrEqual(33_000);
    expect(longest).toBeGreaterThan(32_500);
  });
});

describe('half-open', () => {
  const OVER = NOW + 30_000;

  test('one call tries it, the others wait for what it finds', () => {
    const origin = anOrigin();
    fail(origin);
    expect(origin.beginTrial('m', NOW + 29_999)).toEqual([]);
    const claim = origin.beginTrial('m', OVER);
    expect(claim).toHaveLength(1);
    expect(origin.exclusion('m', OVER)).toEqual({ reason: 'on_trial', untilMs: OVER });
    expect(origin.exclusion('other', OVER)).toBeNull();
    // It told nothing, as when the client left: the next call tries.
    origin.endTrial(claim);
    expect(origin.exclusion('m', OVER)).toBeNull();
    expect(origin.beginTrial('m', OVER)).toHaveLength(1);
  });

  test('an answer ends it, whole and model alike', () => {
    const origin = anOrigin();
    fail(origin);
    fail(origin, { isWhole: true });
    origin.beginTrial('m', OVER);
    expect(reasons(origin, OVER)).toEqual(['on_trial', 'on_trial']);
    expect(origin.passed('m', OVER)).toBe(true);
    expect(reasons(origin, OVER)).toEqual([null, null]);
    expect(origin.passed('m', OVER)).toBe(false);
    // What follows is counted from zero, and an ejection is the first again.
    expect(fail(origin, { nowMs: OVER, times: 4 })).toBeNull();
    expect(fail(origin, { nowMs: OVER, times: 1 })).toBe(OVER + 30_000);
  });

  test('one failure ejects for twice as long, up to the maximum', () => {
    const origin = anOrigin();
    let nowMs = NOW;
    const lasts = [5, 1, 1, 1, 1, 1].map((times) => {
      const untilMs = fail(origin, { nowMs, times }) ?? 0;
      const lastedMs = untilMs - nowMs;
      nowMs = untilMs;
      return lastedMs;
    });
    expect(lasts).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  });

  test('a failure ends the claim: later another call tries', () => {
    const origin = anOrigin();
    fail(origin);
    const claim = origin.beginTrial('m', OVER);
    fail(origin, { nowMs: OVER, times: 1 });
    expect(reasons(origin, OVER + 60_000)).toEqual([null, null]);
    const next = origin.beginTrial('m', OVER + 60_000);
    // The one that failed is let go only now, as a slow stream is.
    origin.endTrial(claim);
    expect(reasons(origin, OVER + 60_000)).toEqual(['on_trial', null]);
    origin.endTrial(next);
    expect(reasons(origin, OVER + 60_000)).toEqual([null, null]);
  });

  test('who may go though it is tried already, as the last origin may, takes the claim from nobody', () => {
    const origin = anOrigin();
    fail(origin);
    const first = origin.beginTrial('m', OVER);
    origin.endTrial(origin.beginTrial('m', OVER));
    expect(reasons(origin, OVER)).toEqual(['on_trial', null]);
    origin.endTrial(first);
    expect(reasons(origin, OVER)).toEqual([null, null]);
  });
});

test('models named by clients do not pile up, and do not have the whole origin forgotten', () => {
  const origin = anOrigin();
  fail(origin, { isWhole: true });
  fail(origin, { model: 'first' });
  for (let at = 0; at < 1000; at += 1) fail(origin, { model: `m${at}`, times: 1 });
  expect(reasons(origin, NOW)).toEqual(['ejected', 'ejected']);
  origin.passed('m', NOW + 30_000);
  expect(origin.exclusion('first', NOW)).toBeNull();
});

test('what it is ejected for is told, the whole first, until a call has passed', () => {
  const health = anOrigin();
  const policy = { failures: 1, ms: 1000, maxMs: 9000 };
  expect(health.ejections()).toEqual([]);
  health.failed(theFacts({ model: 'm' }), false, policy);
  health.failed(theFacts({ model: 'x' }), true, policy);
  const untilMs = NOW + 1000;
  expect(health.ejections()).toEqual([
    { model: null, untilMs, strike: 1 },
    { model: 'm', untilMs, strike: 1 },
  ]);
  health.passed('m', untilMs);
  expect(health.ejections()).toEqual([]);
});
