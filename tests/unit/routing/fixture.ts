import { expect } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import type { Random } from '../../../src/lib/random.ts';
import type { Candidate, Strategy, Turn } from '../../../src/routing/strategy.ts';

export const aCandidate = (id: string, facts: Partial<Candidate> = {}): Candidate => ({
  id,
  balanceNano: null,
  weight: 1,
  priority: 0,
  inFlight: 0,
  ...facts,
});

/** A list in order of creation of candidates that are alike, one for each letter. */
export const alike = (letters: string): Candidate[] =>
  letters.split('').map((id) => aCandidate(id));

export const aTurn = (
  all: readonly Candidate[],
  facts: Partial<Turn<Candidate>> = {},
): Turn<Candidate> => ({
  all,
  state: { cursor: 0, selectedId: null },
  random: seededRandom(1),
  minCreditNano: 0n,
  costOf: () => null,
  latencyOf: () => null,
  ...facts,
});

export const ids = (list: readonly Candidate[]): string => list.map(({ id }) => id).join('');

/** Those of a list that the letters name. */
export const only = (all: readonly Candidate[], letters: string): Candidate[] =>
  all.filter(({ id }) => letters.includes(id));

/** The orders of calls one after the other, each told who is usable at that time. */
export const orders = (
  strategy: Strategy,
  turn: Turn<Candidate>,
  usable: readonly string[],
): string[] => usable.map((letters) => ids(strategy.order(only(turn.all, letters), turn)));

/** Of each order, who comes first. */
export const firsts = (ordered: readonly string[]): string[] =>
  ordered.map((each) => each.charAt(0));

/** How often each text occurs. */
export function tally(texts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
}

/** Chi-square's 99.9th percentile by degrees of freedom; chance is seeded, so verdicts are stable. */
const CHI_SQUARE_MAX = new Map([
  [1, 10.83],
  [2, 13.82],
  [3, 16.27],
  [5, 20.52],
  [23, 49.73],
]);

/** Holds when the texts occur in these shares (Pearson's chi-square), and no others do. */
export function expectShares(texts: readonly string[], shares: Record<string, number>): void {
  const counts = tally(texts);
  expect(Object.keys(shares)).toEqual(expect.arrayContaining(Object.keys(counts)));
  const squares = Object.entries(shares).map(([text, share]) => {
    const expected = texts.length * share;
    return ((counts[text] ?? 0) - expected) ** 2 / expected;
  });
  const limit = CHI_SQUARE_MAX.get(squares.length - 1) ?? 0;
  expect(squares.reduce((sum, square) => sum + square, 0)).toBeLessThan(limit);
}

/** The same share for each. */
export const even = (texts: readonly string[]): Record<string, number> =>
  Object.fromEntries(texts.map((text) => [text, 1 / texts.length]));

/** A random that counts how often it was asked. */
export function counted(random: Random): Random & { asked: number } {
  const counting = Object.assign(
    () => {
      counting.asked += 1;
      return random();
    },
    { asked: 0 },
  );
  return counting;
}
