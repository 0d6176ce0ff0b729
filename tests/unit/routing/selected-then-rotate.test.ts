import { describe, expect, test } from '@jest/globals';
import { selectedThenRotate } from '../../../src/routing/selected-then-rotate.ts';
import type { StrategyState } from '../../../src/routing/strategy.ts';
import { aCandidate, alike, aTurn, ids, only } from './fixture.ts';

const all = alike('abcd');

/** Tells that `id` failed; who is selected by that. */
const fail = (id: string, state: StrategyState, usable = 'abcd') =>
  selectedThenRotate.failed?.(aCandidate(id), {
    all,
    state,
    isUsable: (candidate) => usable.includes(candidate.id),
  })?.id ?? null;

test.each([
  [null, 'abcd', 'abcd'],
  ['a', 'abcd', 'abcd'],
  ['c', 'abcd', 'cdab'],
  ['d', 'abcd', 'dabc'],
  ['who left', 'abcd', 'abcd'],
  ['c', 'abd', 'dab'],
  ['c', 'ab', 'ab'],
  ['b', 'acd', 'cda'],
  ['b', 'b', 'b'],
  ['c', 'bc', 'cb'],
  ['d', 'abc', 'abc'],
  [null, 'cd', 'cd'],
  ['b', '', ''],
])('with %s selected and %s usable the order is %s', (selectedId, usable, expected) => {
  const state = Object.freeze({ cursor: 0, selectedId });
  const ordered = selectedThenRotate.order(only(all, usable), aTurn(all, { state }));
  expect(ids(ordered)).toBe(expected);
});

describe('a failure', () => {
  test.each([
    ['a', null, 'abcd', 'b'],
    ['a', 'who left', 'abcd', 'b'],
    ['b', 'b', 'abcd', 'c'],
    ['b', 'b', 'ad', 'd'],
    ['d', 'd', 'abc', 'a'],
    ['c', 'c', 'b', 'b'],
  ])('of %s while %s is selected and %s usable selects %s', (failed, selectedId, usable, next) => {
    const state = { cursor: 7, selectedId };
    expect(fail(failed, state, usable)).toBe(next);
    expect(state).toEqual({ cursor: 7, selectedId: next });
  });

  test.each([
    ['another than the selected one fails', 'c', 'b', 'abcd'],
    ['another than the first fails and nobody is selected', 'b', null, 'abcd'],
    ['another than the selected one fails, which is unusable', 'c', 'b', 'ad'],
    ['nobody is usable', 'b', 'b', ''],
    ['nobody but the failed one is usable', 'b', 'b', 'b'],
  ])('changes nothing when %s', (_when, failed, selectedId, usable) => {
    const state = Object.freeze({ cursor: 7, selectedId });
    expect(fail(failed, state, usable)).toBeNull();
  });

  test('in an empty pool changes nothing', () => {
    const turn = { all: [], state: { cursor: 0, selectedId: null }, isUsable: () => true };
    expect(selectedThenRotate.failed?.(aCandidate('a'), turn)).toBeNull();
  });

  test('of fifty calls at once moves the selection by one', async () => {
    const state: StrategyState = { cursor: 0, selectedId: 'b' };
    const turn = aTurn(all, { state });
    const calls = Array.from({ length: 50 }, async (_, call) => {
      const [first = aCandidate('nobody')] = selectedThenRotate.order(all, turn);
      for (let later = 0; later <= call % 5; later += 1) await Promise.resolve();
      return { first: first.id, selected: fail(first.id, state) };
    });
    const done = await Promise.all(calls);
    expect(done.filter(({ first }) => first === 'b')).toHaveLength(50);
    expect(done.filter(({ selected }) => selected !== null)).toEqual([
      { first: 'b', selected: 'c' },
    ]);
    expect(state.selectedId).toBe('c');
  });

  test('of each in turn goes round to the first again', () => {
    const state: StrategyState = { cursor: 0, selectedId: null };
    const selected = ['a', 'b', 'c', 'd', 'a'].map((id) => fail(id, state));
    expect(selected).toEqual(['b', 'c', 'd', 'a', 'b']);
  });
});
