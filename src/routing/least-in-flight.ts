import { ascending } from './ascending.ts';
import type { Strategy } from './strategy.ts';

/** Whoever serves the fewest calls now. */
export const leastInFlight: Strategy = {
  name: 'least_in_flight',
  order: (usable, { random }) => ascending(usable, ({ inFlight }) => inFlight, random),
};
