import { rotated, takeTurn } from './rotation.ts';
import type { Strategy } from './strategy.ts';

/**
 * Tiers in ascending priority, each in turns of its own: whoever serves from one tier moves no
 * other. Calls go to the first tier with a usable credential, the later ones are the fail-over.
 */
export const priority: Strategy = {
  name: 'priority',
  order(usable, { all, state }) {
    const tiers = Map.groupBy(usable, (candidate) => candidate.priority);
    const ascending = [...tiers].toSorted(([one], [other]) => one - other);
    const ordered = ascending.flatMap(([, tier]) => rotated(tier, state));
    const [first] = ascending;
    if (first !== undefined && first[1].length > 1) takeTurn(ordered[0], { all, state });
    return ordered;
  },
};
