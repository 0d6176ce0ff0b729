import { describe, expect, test } from '@jest/globals';
import type { Effect } from '../../../src/pool/effect.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { RetryBudget } from '../../../src/proxy/retry-budget.ts';
import { PoolRoute } from '../../../src/proxy/route.ts';
import { Tries } from '../../../src/proxy/tries.ts';
import type { Verdict } from '../../../src/proxy/verdict.ts';
import { HandClock, aPool, alike } from './fixture.ts';

const ORIGIN: Effect = { kind: 'origin', isWhole: false, ms: null };
const verdict = (next: Verdict['next'], effect: Effect = ORIGIN): Verdict => ({
  name: 'v',
  next,
  effect,
  error: null,
});

const aRoute = (pool: Pool) => {
  const served = pool.models.resolve('m');
  const parts = { clock: new HandClock(), random: () => 0 };
  return new PoolRoute({ pool, served, tokens: 0, costOf: () => null }, parts);
};

/** A budget of so many retries, and how many of them are left. */
function aBudget(retries: number) {
  const budget = new RetryBudget(() => 1000);
  for (let taken = retries; taken < 200; taken += 1) budget.tryTake();
  const left = () => {
    let count = 0;
    while (budget.tryTake()) count += 1;
    for (let given = 0; given < count; given += 1) budget.giveBack();
    return count;
  };
  return { budget, left };
}

/** Everybody who is tried if each is judged so, by id. */
function tried(tries: Tries, judged: Verdict, canSendAgain = true): string {
  let ids = '';
  for (let lease = tries.first(); lease !== null; lease = tries.after(judged, canSendAgain)) {
    ids += lease.member.id;
    lease[Symbol.dispose]();
  }
  return ids;
}

const aTries = (attemptsMax: number, letters = 'abcde', retries = 100) => {
  const { budget, left } = aBudget(retries);
  return { tries: new Tries(aRoute(aPool(alike(letters))), budget, attemptsMax), left };
};

describe('attempts', () => {
  test.each([
    [1, 'a'],
    [2, 'ab'],
    [3, 'abc'],
    [9, 'abcde'],
  ])('are %i at most, each with another credential', (attemptsMax, ids) => {
    for (const effect of [ORIGIN, { kind: 'unauthorized' } as const, { kind: 'none' } as const]) {
      expect(tried(aTries(attemptsMax).tries, verdict('next', effect))).toBe(ids);
    }
  });

  test.each(['deliver', 'refuse', 'stop', 'again'] as const)('end with the verdict %s', (next) => {
    expect(tried(aTries(9).tries, verdict(next))).toBe('a');
  });

  test('end with a body that is gone', () => {
    expect(tried(aTries(9).tries, verdict('next'), false)).toBe('a');
  });

  test('are none where nobody can serve', () => {
    expect(tried(aTries(9, '').tries, verdict('next'))).toBe('');
  });
});

describe('the budget', () => {
  test('is for attempts after an origin has failed', () => {
    expect(tried(aTries(9, 'abcde', 0).tries, verdict('next'))).toBe('a');
    expect(tried(aTries(9, 'abcde', 1).tries, verdict('next'))).toBe('abcde');
  });

  test.each(['unauthorized', 'exhausted', 'forbidden', 'none'] as const)(
    'is not touched where a credential refused (%s)',
    (kind) => {
      const { tries, left } = aTries(9, 'abcde', 0);
      expect(tried(tries, verdict('next', { kind }))).toBe('abcde');
      expect(left()).toBe(0);
    },
  );

  test('nor where it is asked to wait', () => {
    const { tries } = aTries(9, 'abcde', 0);
    expect(tried(tries, verdict('next', { kind: 'cooling', ms: 5 }))).toBe('abcde');
  });

  test('is one at a time for a call, and given back with the verdict on the attempt', () => {
    const { tries, left } = aTries(9, 'abc', 5);
    tries.first();
    expect(left()).toBe(5);
    tries.after(verdict('next'), true);
    expect(left()).toBe(4);
    tries.after(verdict('next'), true);
    expect(left()).toBe(4);
    tries.after(verdict('next', { kind: 'unauthorized' }), true);
    expect(left()).toBe(5);
  });

  test.each(['deliver', 'stop', 'refuse'] as const)(
    'is whole again after the verdict %s',
    (next) => {
      const { tries, left } = aTries(9, 'abc', 5);
      tries.first();
      tries.after(verdict('next'), true);
      tries.after(verdict(next), true);
      expect(left()).toBe(5);
    },
  );

  test('is whole again when the call is over, however it ended', () => {
    const { tries, left } = aTries(9, 'ab', 5);
    {
      using own = tries;
      own.first();
      own.after(verdict('next'), true);
      expect(left()).toBe(4);
    }
    expect(left()).toBe(5);
    tries[Symbol.dispose]();
    expect(left()).toBe(5);
  });

  test('is whole again where nobody was left to be tried', () => {
    const { tries, left } = aTries(9, 'a', 5);
    {
      using own = tries;
      own.first();
      expect(own.after(verdict('next'), true)).toBeNull();
    }
    expect(left()).toBe(5);
  });

  test('holds for all calls together: of 100 whose origin fails at once 20 are tried again', () => {
    const budget = new RetryBudget(() => 100);
    const pool = aPool(alike('abc'));
    const calls = Array.from({ length: 100 }, () => new Tries(aRoute(pool), budget, 3));
    for (const call of calls) call.first();
    const second = calls.filter((call) => call.after(verdict('next'), true) !== null);
    expect(second).toHaveLength(20);
    for (const call of calls) call[Symbol.dispose]();
    const third = calls.filter((call) => call.after(verdict('next'), true) !== null);
    expect(third).toHaveLength(20);
  });
});
