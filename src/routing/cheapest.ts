import { ascending } from './ascending.ts';
import type { Strategy } from './strategy.ts';

/** Whoever serves this call for the least money; those whose price nobody knows come last. */
export const cheapest: Strategy = {
  name: 'cheapest',
  order: (usable, turn) =>
    ascending(usable, (candidate) => turn.costOf(candidate) ?? Infinity, turn.random),
};
