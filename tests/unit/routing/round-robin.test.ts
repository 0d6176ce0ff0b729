import { expect, test } from '@jest/globals';
import { roundRobin } from '../../../src/routing/round-robin.ts';
import { alike, aTurn, counted, firsts, ids, only, orders, tally } from './fixture.ts';

/** Calls one after the other on the pool abcd; each names who is unusable at that time. */
function without(...unusable: string[]): string[] {
  const all = alike('abcd');
  const usable = unusable.map((letters) => ids(all.filter(({ id }) => !letters.includes(id))));
  return orders(roundRobin, aTurn(all), usable);
}

test('each call starts after the one before it', () => {
  expect(without('', '', '', '', '')).toEqual(['abcd', 'bcda', 'cdab', 'dabc', 'abcd']);
});

test('unusable members are passed over and lose no later turn', () => {
  expect(without('', 'b', 'b', '', 'd', '')).toEqual(['abcd', 'cda', 'dac', 'abcd', 'bca', 'cdab']);
  expect(without('a', 'a', 'a', 'a')).toEqual(['bcd', 'cdb', 'dbc', 'bcd']);
});

test('the order of the list holds when who served last is unusable now', () => {
  expect(without('', '', 'b', '', 'cd', 'c')).toEqual(['abcd', 'bcda', 'cda', 'dabc', 'ab', 'bda']);
});

test('a single usable member serves and moves nothing', () => {
  expect(without('', 'acd', 'acd', '')).toEqual(['abcd', 'b', 'b', 'bcda']);
});

test('nobody usable is nobody', () => {
  expect(without('abcd')).toEqual(['']);
});

test('in the long run everybody has the same share', () => {
  const ordered = without(...Array.from({ length: 400 }, () => ''));
  expect(tally(firsts(ordered))).toEqual({ a: 100, b: 100, c: 100, d: 100 });
});

test('calls for models with credentials of their own starve none of them', () => {
  const alternating = Array.from({ length: 400 }, (_, call) => (call % 2 === 0 ? 'cd' : 'ab'));
  expect(tally(firsts(without(...alternating)))).toEqual({ a: 100, b: 100, c: 100, d: 100 });
});

test('turns go on where they were when credentials join and leave, and the gone are forgotten', () => {
  const turn = aTurn(alike('abc'));
  const after = (letters: string) => {
    const all = [...only(turn.all, 'bc'), ...alike(letters)];
    return ids(roundRobin.order(all, { ...turn, all }));
  };
  expect(orders(roundRobin, turn, ['abc', 'abc'])).toEqual(['abc', 'bca']);
  expect(['de', 'de', 'e', 'ef'].map(after)).toEqual(['cdeb', 'debc', 'ebc', 'fbce']);
  for (let joined = 0; joined < 50; joined += 1) after(String.fromCodePoint(0x100 + joined));
  expect(turn.state.turns?.size).toBeLessThanOrEqual(3);
});

test('chance has no say', () => {
  const random = counted(() => 0.9);
  expect(orders(roundRobin, aTurn(alike('abc'), { random }), ['abc', 'abc'])).toEqual([
    'abc',
    'bca',
  ]);
  expect(random.asked).toBe(0);
});
