import { usdFromNano } from '../lib/money.ts';

/** What a call costs; a lower bound, or nothing, where not all of it has a price. */
interface Charge {
  readonly costNano: bigint;
  readonly isPriced: boolean;
}

/** What a call is charged, in dollars. Left out where that is not known, rather than told too low. */
export const costHeader = ({ costNano, isPriced }: Charge): Record<string, string> =>
  isPriced ? { 'x-tollgate-cost': usdFromNano(costNano) } : {};
