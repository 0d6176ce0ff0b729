import type { Strategy } from './strategy.ts';

/** Strict order over the pool's list: each call starts after the one that the last call started at. */
export const roundRobin: Strategy = {
  name: 'round_robin',
  order(usable, { all, state }) {
    if (usable.length < 2) return [...usable];
    const position = new Map(all.map((candidate, index) => [candidate.id, index]));
    const at = (id: string) => position.get(id) ?? 0;
    const next = usable.findIndex((candidate) => at(candidate.id) >= state.cursor);
    const start = next === -1 ? 0 : next;
    const ordered = [...usable.slice(start), ...usable.slice(0, start)];
    const first = ordered[0];
    state.cursor = first === undefined ? 0 : (at(first.id) + 1) % all.length;
    return ordered;
  },
};
