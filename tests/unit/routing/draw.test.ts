import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import type { Random } from '../../../src/lib/random.ts';
import { balanceWeighted } from '../../../src/routing/balance-weighted.ts';
import { weighted } from '../../../src/routing/weighted.ts';
import { aCandidate, aTurn, counted, expectShares, firsts, orders } from './fixture.ts';

const DOLLAR = 1_000_000_000n;
const MINIMUM = 10_000_000n;

/** The two strategies that draw, with how a share of so many parts is told to each. */
const drawing = [
  { strategy: weighted, having: (parts: number) => ({ weight: parts }) },
  {
    strategy: balanceWeighted,
    having: (parts: number) => ({ balanceNano: BigInt(parts) * DOLLAR }),
  },
];

describe.each(drawing)('$strategy.name', ({ strategy, having }) => {
  const drawn = (parts: Record<string, number>, random: Random, calls: number): string[] => {
    const all = Object.entries(parts).map(([id, each]) => aCandidate(id, having(each)));
    const usable = Object.keys(parts).join('');
    const turn = aTurn(all, { random, minCreditNano: MINIMUM });
    return orders(
      strategy,
      turn,
      Array.from({ length: calls }, () => usable),
    );
  };

  test('20,000 first places follow the shares', () => {
    const seen = drawn({ a: 10, b: 5, c: 5 }, seededRandom(7), 20_000);
    expectShares(firsts(seen), { a: 0.5, b: 0.25, c: 0.25 });
  });

  test('the fail-over order is drawn among the rest by the same rule', () => {
    expectShares(drawn({ a: 8, b: 1, c: 3 }, seededRandom(8), 20_000), {
      abc: (8 / 12) * (1 / 4),
      acb: (8 / 12) * (3 / 4),
      bac: (1 / 12) * (8 / 11),
      bca: (1 / 12) * (3 / 11),
      cab: (3 / 12) * (8 / 9),
      cba: (3 / 12) * (1 / 9),
    });
  });

  test.each([
    [0, 'a'],
    [0.4999, 'a'],
    [0.5, 'b'],
    [0.7499, 'b'],
    [0.75, 'c'],
    [0.9999, 'c'],
  ])('the draw %d is for the first whose cumulative share passes it: %s', (draw, first) => {
    expect(firsts(drawn({ a: 10, b: 5, c: 5 }, () => draw, 1))).toEqual([first]);
  });

  test('beside one that has nearly all, the small ones still share by their parts', () => {
    const parts = { a: Number.MAX_SAFE_INTEGER, b: 3, c: 1 };
    expectShares(drawn(parts, seededRandom(9), 20_000), { abc: 0.75, acb: 0.25 });
  });

  test('nobody and one alone cost no draw, five cost four', () => {
    const random = counted(seededRandom(1));
    expect(drawn({}, random, 1)).toEqual(['']);
    expect(drawn({ a: 3 }, random, 1)).toEqual(['a']);
    expect(random.asked).toBe(0);
    drawn({ a: 1, b: 2, c: 3, d: 4, e: 5 }, random, 1);
    expect(random.asked).toBe(4);
  });
});

test('balance_weighted leaves out who is at the minimum, below it or unknown; just above is in', () => {
  const random = counted(seededRandom(1));
  const balances = { a: MINIMUM, b: 0n, c: -5n, d: null, e: MINIMUM + 1n };
  const all = Object.entries(balances).map(([id, balanceNano]) => aCandidate(id, { balanceNano }));
  const turn = aTurn(all, { random, minCreditNano: MINIMUM });
  expect(orders(balanceWeighted, turn, ['abcde', 'abcd'])).toEqual(['e', '']);
  expect(random.asked).toBe(0);
});
