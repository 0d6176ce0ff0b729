import { expect, test } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import { leastLatency } from '../../../src/routing/least-latency.ts';
import { aCandidate, aTurn, counted, even, expectShares, orders, tally } from './fixture.ts';

type Facts = Record<string, readonly [ms: number | null, inFlight: number]>;

/** A pool by what is known of it: recent milliseconds, or null, and calls in flight. */
function pool(facts: Facts, random = seededRandom(1)) {
  const all = Object.entries(facts).map(([id, [, inFlight]]) => aCandidate(id, { inFlight }));
  return aTurn(all, { random, latencyOf: ({ id }) => facts[id]?.[0] ?? null });
}

test('the fastest comes first, however busy, without a draw', () => {
  const random = counted(seededRandom(1));
  const turn = pool({ a: [300, 0], b: [120.5, 9], c: [0, 2], d: [120.4, 0] }, random);
  expect(orders(leastLatency, turn, ['abcd', 'abd', 'a'])).toEqual(['cdba', 'dba', 'a']);
  expect(random.asked).toBe(0);
});

test('the unmeasured come first while idle and last while they are being measured', () => {
  const turn = pool({ a: [80, 0], b: [null, 0], c: [40, 5], d: [null, 1] });
  expect(orders(leastLatency, turn, ['abcd'])).toEqual(['bcad']);
});

test('one call measures each, the others go to the fastest', () => {
  const served: string[] = [];
  const serving = (id: string) => served.filter((each) => each === id).length;
  for (let call = 0; call < 50; call += 1) {
    const turn = pool({ a: [90, serving('a')], b: [null, serving('b')], c: [null, serving('c')] });
    const [order = ''] = orders(leastLatency, turn, ['abc']);
    served.push(order.charAt(0));
  }
  expect(tally(served)).toEqual({ a: 48, b: 1, c: 1 });
});

test.each<[string, Facts]>([
  ['idle and unmeasured', { a: [null, 0], b: [null, 0], c: [null, 0] }],
  ['being measured', { a: [null, 3], b: [null, 1], c: [null, 2] }],
  ['equally fast', { a: [70, 0], b: [70, 8], c: [70, 1] }],
])('those who are %s are drawn for fairly', (_what, facts) => {
  const turn = pool(facts, seededRandom(2));
  const seen = orders(
    leastLatency,
    turn,
    Array.from({ length: 20_000 }, () => 'abc'),
  );
  expectShares(seen, even(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']));
});
