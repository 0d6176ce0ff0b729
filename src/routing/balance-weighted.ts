import { draw } from './draw.ts';
import type { Strategy } from './strategy.ts';

/**
 * Draws in proportion to the balance (contracts A4). Credentials at or below the minimum credit are
 * left out, as are those whose balance is not known yet.
 */
export const balanceWeighted: Strategy = {
  name: 'balance_weighted',
  order(usable, { random, minCreditNano }) {
    const solvent = usable.filter(
      ({ balanceNano }) => balanceNano !== null && balanceNano > minCreditNano,
    );
    // Doubles are exact enough for a draw; money itself stays bigint.
    return draw(solvent, ({ balanceNano }) => Number(balanceNano ?? 0n), random);
  },
};
