import type { Candidate, Strategy, StrategyState } from './strategy.ts';

/**
 * All calls to the selected credential; when it fails, the next one in order of creation is
 * selected (contracts C3).
 */
export const selectedThenRotate: Strategy = {
  name: 'selected_then_rotate',

  order(usable, { all, state }) {
    const selected = selectedIndex(all, state);
    // `usable` keeps the order of `all`, so a walk along both finds where the selected one is or
    // would be.
    let before = 0;
    for (let index = 0; index < selected; index += 1) {
      if (all[index]?.id === usable[before]?.id) before += 1;
    }
    return [...usable.slice(before), ...usable.slice(0, before)];
  },

  /**
   * Compare and set: only the failure of who is selected now selects another, so that many calls
   * that fail together move the selection by one. With nobody else usable it stays.
   */
  failed(candidate, turn) {
    const { all, state } = turn;
    const selected = selectedIndex(all, state);
    if (all[selected]?.id !== candidate.id) return null;
    const others = [...all.slice(selected + 1), ...all.slice(0, selected)];
    const next = others.find((other) => turn.isUsable(other));
    if (next === undefined) return null;
    state.selectedId = next.id;
    return next;
  },
};

/** The first of all while nobody is selected, or somebody who has left. */
function selectedIndex(all: readonly Candidate[], { selectedId }: StrategyState): number {
  return Math.max(
    all.findIndex(({ id }) => id === selectedId),
    0,
  );
}
