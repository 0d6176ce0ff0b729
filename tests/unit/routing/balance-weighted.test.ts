import { expect, test } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import type { Random } from '../../../src/lib/random.ts';
import { balanceWeighted } from '../../../src/routing/balance-weighted.ts';

const MINIMUM = 10_000_000n;
const candidates = (balances: Record<string, bigint | null>) =>
  Object.entries(balances).map(([id, balanceNano]) => ({ id, balanceNano }));

function order(balances: Record<string, bigint | null>, random: Random): string[] {
  const all = candidates(balances);
  const turn = { all, state: { cursor: 0 }, random, minCreditNano: MINIMUM };
  return balanceWeighted.order(all, turn).map(({ id }) => id);
}

test('shares follow the balances', () => {
  const random = seededRandom(7);
  const balances = { a: 10_000_000_000n, b: 5_000_000_000n, c: 5_000_000_000n };
  const firsts = Array.from({ length: 20_000 }, () => order(balances, random)[0]);
  const share = (id: string) => firsts.filter((first) => first === id).length / firsts.length;
  expect(share('a')).toBeCloseTo(0.5, 1);
  expect(share('b')).toBeCloseTo(0.25, 1);
  expect(share('c')).toBeCloseTo(0.25, 1);
});

test('the fail-over order is drawn among the rest by the same rule', () => {
  const random = seededRandom(8);
  const balances = { a: 8_000_000_000n, b: 1_000_000_000n, c: 1_000_000_000n };
  const all = Array.from({ length: 5000 }, () => order(balances, random));
  const behindB = all.filter(([first]) => first === 'b');
  const share = behindB.filter(([, second]) => second === 'a').length / behindB.length;
  expect(share).toBeGreaterThan(0.82);
  expect(share).toBeLessThan(0.96);
  expect(all.every((ids) => new Set(ids).size === 3)).toBe(true);
});

test.each([
  [0, 'a'],
  [0.4999, 'a'],
  [0.5, 'b'],
  [0.7499, 'b'],
  [0.75, 'c'],
  [0.9999, 'c'],
])('the draw %s is the first whose cumulative balance passes it: %s', (drawn, first) => {
  const balances = { a: 10_000_000_000n, b: 5_000_000_000n, c: 5_000_000_000n };
  expect(order(balances, () => drawn)[0]).toBe(first);
});

test('at the minimum, below it and unknown is left out; just above is in', () => {
  const balances = { at: MINIMUM, below: 0n, debt: -5n, unknown: null, above: MINIMUM + 1n };
  expect(order(balances, seededRandom(1))).toEqual(['above']);
  expect(order({ at: MINIMUM, unknown: null }, seededRandom(1))).toEqual([]);
});
