import { expect, test } from '@jest/globals';
import { priority } from '../../../src/routing/priority.ts';
import { aCandidate, aTurn, firsts, orders, tally } from './fixture.ts';

/** Tier 1 is a, c and e; tier 5 is b and d; tier 9 is f. Mixed in the list on purpose. */
const tiers = { a: 1, b: 5, c: 1, d: 5, e: 1, f: 9 };

const pool = (priorities: Record<string, number> = tiers) =>
  aTurn(Object.entries(priorities).map(([id, each]) => aCandidate(id, { priority: each })));

/** How often each serves first in so many rounds of calls that see the given usable sets. */
const shares = (usable: readonly string[], rounds: number) =>
  tally(firsts(orders(priority, pool(), Array.from({ length: rounds }, () => usable).flat())));

test('lower priorities come first, a tier takes turns, later tiers are the fail-over', () => {
  const all = Array.from({ length: 4 }, () => 'abcdef');
  expect(orders(priority, pool(), all)).toEqual(['acebdf', 'ceabdf', 'eacbdf', 'acebdf']);
});

test('when a tier has nobody left the next one serves, in turns of its own', () => {
  const usable = ['bdf', 'bdf', 'bdf', 'f', 'f', ''];
  expect(orders(priority, pool(), usable)).toEqual(['bdf', 'dbf', 'bdf', 'f', 'f', '']);
});

test('in the first tier all have the same share, wherever the others stand in the list', () => {
  expect(shares(['abcdef'], 300)).toEqual({ a: 100, c: 100, e: 100 });
});

test.each([
  ['every other time', ['abcdef', 'bdf'], { a: 100, c: 100, e: 100, b: 150, d: 150 }],
  ['twice in between', ['abcdef', 'bdf', 'bdf'], { a: 100, c: 100, e: 100, b: 300, d: 300 }],
  ['and a third too', ['ace', 'bd', 'f'], { a: 100, c: 100, e: 100, b: 150, d: 150, f: 300 }],
])('each tier stays fair when another serves %s', (_when, usable, expected) => {
  expect(shares(usable, 300)).toEqual(expected);
});

test('a tier goes on where it was after another one served', () => {
  const usable = ['abcdef', 'bdf', 'bdf', 'abcdef', 'bdf', 'abcdef', 'abcdef'];
  expect(firsts(orders(priority, pool(), usable)).join('')).toBe('abdcbea');
});

test('within a tier the unusable are passed over and lose no later turn', () => {
  const usable = ['abcdef', 'abdef', 'abcdef', 'abcdef'];
  expect(orders(priority, pool(), usable)).toEqual(['acebdf', 'eabdf', 'acebdf', 'ceabdf']);
});

test('who is alone in its tier serves and moves nothing', () => {
  const usable = ['abcdef', 'bdef', 'bdef', 'abcdef'];
  expect(orders(priority, pool(), usable)).toEqual(['acebdf', 'ebdf', 'ebdf', 'ceabdf']);
});

test('priorities are numbers: -1 comes before 0, and 9 before 10', () => {
  const turn = pool({ a: 10, b: 0, c: 9, d: -1 });
  expect(orders(priority, turn, ['abcd'])).toEqual(['dbca']);
});
