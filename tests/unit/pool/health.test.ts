import { describe, expect, test } from '@jest/globals';
import { Health } from '../../../src/pool/health.ts';
import type { Effect } from '../../../src/pool/health.ts';

const NOW = 1_800_000_000_000;
const cooling = (ms: number | null): Effect => ({ kind: 'cooling', ms });

describe('cooling', () => {
  test.each([
    ['no wait told', null, 1000],
    ['seven seconds', 7000, 7000],
    ['no time at all', 0, 100],
    ['a year', 31_536_000_000, 3_600_000],
    ['an absurd number', 1e30, 3_600_000],
  ])('%s: %s → %i ms', (_name, told, ms) => {
    const health = new Health();
    const transition = health.apply(cooling(told), 'm', NOW);
    expect(transition).toEqual({ state: 'cooling', untilMs: NOW + ms, model: 'm' });
    expect(health.blockedUntil('m', NOW + ms - 1)).toBe(NOW + ms);
    expect(health.blockedUntil('m', NOW + ms)).toBe(0);
  });

  test('is for one model only', () => {
    const health = new Health();
    health.apply(cooling(5000), 'm', NOW);
    expect(health.blockedUntil('other', NOW)).toBe(0);
    expect([health.stateFor('m', NOW), health.stateFor('other', NOW)]).toEqual([
      'cooling',
      'active',
    ]);
  });

  test('is never shortened, and only its beginning is a transition', () => {
    const health = new Health();
    health.apply(cooling(5000), 'm', NOW);
    expect(health.apply(cooling(1000), 'm', NOW)).toBeNull();
    expect(health.blockedUntil('m', NOW)).toBe(NOW + 5000);
    expect(health.apply(cooling(9000), 'm', NOW)).toBeNull();
    expect(health.blockedUntil('m', NOW)).toBe(NOW + 9000);
    expect(health.apply(cooling(1000), 'm', NOW + 9000)).toMatchObject({ untilMs: NOW + 10_000 });
  });
});

describe('set aside', () => {
  test.each([
    ['suspect', 30_000],
    ['exhausted', 300_000],
  ] as const)('%s holds for every model, %i ms', (kind, ms) => {
    const health = new Health();
    expect(health.apply({ kind }, 'm', NOW)).toEqual({
      state: kind,
      untilMs: NOW + ms,
      model: null,
    });
    expect(health.blockedUntil('any', NOW + ms - 1)).toBe(NOW + ms);
    expect(health.stateFor('any', NOW)).toBe(kind);
    expect(health.stateFor('any', NOW + ms)).toBe('active');
  });

  test('a late 401 does not hide that a balance check may end it', () => {
    const health = new Health();
    health.apply({ kind: 'exhausted' }, 'm', NOW);
    expect(health.apply({ kind: 'suspect' }, 'm', NOW + 1)).toBeNull();
    expect(health.stateFor('m', NOW + 2)).toBe('exhausted');
    expect(health.refill(NOW + 3)).toEqual({ state: 'active', untilMs: NOW + 3, model: null });
    expect(health.blockedUntil('m', NOW + 3)).toBe(0);
  });

  test('money missing outweighs a suspicion', () => {
    const health = new Health();
    health.apply({ kind: 'suspect' }, 'm', NOW);
    expect(health.apply({ kind: 'exhausted' }, 'm', NOW + 1)).toMatchObject({ state: 'exhausted' });
  });

  test('the same again lasts longer but is no transition', () => {
    const health = new Health();
    health.apply({ kind: 'suspect' }, 'm', NOW);
    expect(health.apply({ kind: 'suspect' }, 'm', NOW + 1000)).toBeNull();
    expect(health.blockedUntil('m', NOW + 30_500)).toBe(NOW + 31_000);
  });
});

test('a refill helps the exhausted only', () => {
  const health = new Health();
  expect(health.refill(NOW)).toBeNull();
  health.apply({ kind: 'suspect' }, 'm', NOW);
  expect(health.refill(NOW)).toBeNull();
  expect(health.stateFor('m', NOW)).toBe('suspect');
  health.apply(cooling(5000), 'm', NOW);
  health.apply({ kind: 'exhausted' }, 'm', NOW);
  expect(health.refill(NOW)).not.toBeNull();
  expect(health.stateFor('m', NOW)).toBe('cooling');
});

test.each(['none', 'served', 'origin'] as const)('%s changes nothing', (kind) => {
  const health = new Health();
  health.apply({ kind: 'suspect' }, 'm', NOW);
  expect(health.apply({ kind }, 'm', NOW)).toBeNull();
  expect(health.stateFor('m', NOW)).toBe('suspect');
});

describe('forbidden', () => {
  test('is for one model only, so that no client can set a credential aside', () => {
    const health = new Health();
    expect(health.apply({ kind: 'forbidden' }, 'm', NOW)).toEqual({
      state: 'forbidden',
      untilMs: NOW + 30_000,
      model: 'm',
    });
    expect(health.stateFor('m', NOW)).toBe('forbidden');
    expect(health.stateFor('other', NOW)).toBe('active');
  });

  test('models named by clients do not pile up', () => {
    const health = new Health();
    for (let index = 0; index < 1500; index += 1) {
      health.apply({ kind: 'forbidden' }, `m-${index}`, NOW);
    }
    expect(health.stateFor('m-0', NOW)).toBe('active');
    expect(health.stateFor('m-1499', NOW)).toBe('forbidden');
  });
});
