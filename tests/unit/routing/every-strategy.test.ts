import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { seededRandom } from '../../../src/lib/random.ts';
import { strategies } from '../../../src/routing/index.ts';
import type { Candidate, StrategyState } from '../../../src/routing/strategy.ts';
import { aTurn, counted } from './fixture.ts';

const MINIMUM = 10n;

interface Row extends Candidate {
  cost: bigint | null;
  latency: number | null;
}

const row = fc.record({
  id: fc.string({ minLength: 1, maxLength: 4 }),
  balanceNano: fc.option(fc.bigInt({ min: -5n, max: 2_000_000_000_000n })),
  weight: fc.integer({ min: 1, max: 1000 }),
  priority: fc.integer({ min: -1, max: 3 }),
  inFlight: fc.integer({ min: 0, max: 3 }),
  cost: fc.option(fc.bigInt({ min: 0n, max: 4n })),
  latency: fc.option(fc.integer({ min: 0, max: 4 })),
});

/** A pool, and calls that each see some of it. */
const scene = fc.record({
  all: fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 12 }),
  calls: fc.array(fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }), { maxLength: 6 }),
  selected: fc.nat(14),
  seed: fc.integer(),
});

const turnOf = (all: Row[], state: StrategyState, seed: number) => ({
  ...aTurn(all),
  all,
  state,
  random: counted(seededRandom(seed)),
  minCreditNano: MINIMUM,
  costOf: ({ cost }: Row) => cost,
  latencyOf: ({ latency }: Row) => latency,
});

/** Who may be in an order: all that are usable, but for the one strategy that asks for money too. */
const isServing = (name: string, { balanceNano }: Candidate): boolean =>
  name !== 'balance_weighted' || (balanceNano !== null && balanceNano > MINIMUM);

test('the registry knows each by its own name', () => {
  expect([...strategies.keys()].toSorted()).toEqual([
    'balance_weighted',
    'cheapest',
    'least_in_flight',
    'least_latency',
    'priority',
    'random',
    'round_robin',
    'selected_then_rotate',
    'weighted',
  ]);
  for (const [name, strategy] of strategies) expect(strategy.name).toBe(name);
});

describe.each([...strategies.values()])('$name', (strategy) => {
  test('orders every usable candidate exactly once and nobody else', () => {
    fc.assert(
      fc.property(scene, ({ all, calls, selected, seed }) => {
        const turn = turnOf(all, { cursor: 0, selectedId: all[selected]?.id ?? null }, seed);
        for (const flags of calls) {
          const usable = all.filter((_, index) => flags[index]);
          const before = [...usable];
          const ordered = strategy.order(usable, turn);
          expect(usable).toEqual(before);
          expect(ordered).not.toBe(usable);
          const expected = before.filter((each) => isServing(strategy.name, each));
          expect(ordered.map(({ id }) => id).toSorted()).toEqual(
            expected.map(({ id }) => id).toSorted(),
          );
          expect(ordered.every((each) => usable.includes(each))).toBe(true);
        }
      }),
    );
  });

  test('asks chance at most once for each but the last, and never for one alone', () => {
    fc.assert(
      fc.property(scene, ({ all, seed }) => {
        const turn = turnOf(all, { cursor: 0, selectedId: null }, seed);
        const ordered = strategy.order(all, turn);
        expect(turn.random.asked).toBeLessThanOrEqual(Math.max(ordered.length - 1, 0));
        const asked = turn.random.asked;
        strategy.order([], turn);
        for (const each of all) strategy.order([each], turn);
        expect(turn.random.asked).toBe(asked);
      }),
    );
  });

  test('says the same again from the same state and the same chance', () => {
    fc.assert(
      fc.property(scene, ({ all, calls, seed }) => {
        const play = () => {
          const turn = turnOf(all, { cursor: 0, selectedId: null }, seed);
          return calls.map((flags) =>
            strategy.order(
              all.filter((_, index) => flags[index]),
              turn,
            ),
          );
        };
        expect(play()).toEqual(play());
      }),
    );
  });
});
