import { expect, test } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import { cheapest } from '../../../src/routing/cheapest.ts';
import { alike, aTurn, counted, even, expectShares, orders } from './fixture.ts';

function pool(costs: Record<string, bigint | null>, random = seededRandom(1)) {
  const asked: string[] = [];
  const costOf = ({ id }: { id: string }) => {
    asked.push(id);
    return costs[id] ?? null;
  };
  return { asked, turn: aTurn(alike(Object.keys(costs).join('')), { random, costOf }) };
}

test('the cheapest comes first, the unpriced last, each asked for once and nothing drawn', () => {
  const random = counted(seededRandom(1));
  const { turn, asked } = pool({ a: 900n, b: null, c: 0n, d: 899n }, random);
  expect(orders(cheapest, turn, ['abcd'])).toEqual(['cdab']);
  expect(asked.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  expect(random.asked).toBe(0);
});

test('amounts that a double cannot tell apart are told apart', () => {
  const { turn } = pool({ a: 9_007_199_254_740_993n, b: 9_007_199_254_740_992n });
  expect(orders(cheapest, turn, ['ab'])).toEqual(['ba']);
});

test('ties are drawn for fairly, among the priced and among the unpriced', () => {
  const { turn } = pool({ a: null, b: 5n, c: null, d: 5n }, seededRandom(2));
  const seen = orders(
    cheapest,
    turn,
    Array.from({ length: 20_000 }, () => 'abcd'),
  );
  expectShares(seen, even(['bdac', 'bdca', 'dbac', 'dbca']));
});
