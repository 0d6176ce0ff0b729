import { expect, test } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import { leastInFlight } from '../../../src/routing/least-in-flight.ts';
import { aCandidate, aTurn, counted, even, expectShares, orders } from './fixture.ts';

/** A pool named from a on, by the calls that each serves now. */
const busy = (...inFlight: number[]) =>
  inFlight.map((count, index) => aCandidate('abcdef'.charAt(index), { inFlight: count }));

test('the fewest calls in flight come first, without a draw where nobody ties', () => {
  const random = counted(seededRandom(1));
  const turn = aTurn(busy(3, 0, 10, 2, 1), { random });
  expect(orders(leastInFlight, turn, ['abcde', 'ace', 'c', ''])).toEqual(['bedac', 'eac', 'c', '']);
  expect(random.asked).toBe(0);
});

test('ties are drawn for fairly with one draw, and nothing else is', () => {
  const random = counted(seededRandom(2));
  const turn = aTurn(busy(1, 0, 1, 1, 7), { random });
  const seen = orders(
    leastInFlight,
    turn,
    Array.from({ length: 20_000 }, () => 'abcde'),
  );
  expectShares(seen, even(['bacde', 'badce', 'bcade', 'bcdae', 'bdace', 'bdcae']));
  expect(random.asked).toBe(20_000);
});

test('200 calls at once spread evenly', () => {
  const inFlight = [0, 0, 0, 0];
  const random = seededRandom(3);
  for (let call = 0; call < 200; call += 1) {
    const all = busy(...inFlight);
    const [first] = leastInFlight.order(all, aTurn(all, { random }));
    const served = all.findIndex((candidate) => candidate === first);
    inFlight[served] = (inFlight[served] ?? 0) + 1;
  }
  expect(inFlight).toEqual([50, 50, 50, 50]);
});
