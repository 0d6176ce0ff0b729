import { expect, test } from '@jest/globals';
import { roundRobin } from '../../../src/routing/round-robin.ts';

const all = ['a', 'b', 'c', 'd'].map((id) => ({ id, balanceNano: null }));

/** Orders of calls one after the other; each call names who is unusable at that time. */
function orders(...unusable: string[]): string[] {
  const turn = { all, state: { cursor: 0 }, random: () => 0.5, minCreditNano: 0n };
  return unusable.map((without) =>
    roundRobin
      .order(
        all.filter(({ id }) => !without.includes(id)),
        turn,
      )
      .map(({ id }) => id)
      .join(''),
  );
}

test('each call starts after the one before it', () => {
  expect(orders('', '', '', '', '')).toEqual(['abcd', 'bcda', 'cdab', 'dabc', 'abcd']);
});

test('unusable members are passed over and lose no later turn', () => {
  expect(orders('', 'b', 'b', '', 'd', '')).toEqual(['abcd', 'cda', 'dac', 'abcd', 'bca', 'cdab']);
  expect(orders('a', 'a', 'a', 'a')).toEqual(['bcd', 'cdb', 'dbc', 'bcd']);
});

test('a single usable member serves and moves nothing', () => {
  expect(orders('', 'acd', 'acd', '')).toEqual(['abcd', 'b', 'b', 'bcda']);
});

test('nobody usable is nobody', () => {
  expect(orders('abcd')).toEqual(['']);
});

test('in the long run everybody has the same share', () => {
  const firsts = orders(...Array.from({ length: 400 }, () => '')).map((order) => order[0]);
  for (const id of 'abcd') expect(firsts.filter((first) => first === id)).toHaveLength(100);
});
