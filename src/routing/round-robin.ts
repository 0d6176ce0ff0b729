import { rotated, takeTurn } from './rotation.ts';
import type { Strategy } from './strategy.ts';

/**
 * Strict order over the pool's list, unusable credentials passed over (contracts D3). Who is alone
 * serves without taking a turn.
 */
export const roundRobin: Strategy = {
  name: 'round_robin',
  order(usable, { all, state }) {
    const ordered = rotated(usable, state);
    if (ordered.length > 1) takeTurn(ordered[0], { all, state });
    return ordered;
  },
};
