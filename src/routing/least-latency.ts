import { ascending } from './ascending.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * Whoever lately sent its first byte soonest. One that was not measured lately goes first, so that
 * it is, but with one call only: while that is under way the measured ones come before it.
 */
export const leastLatency: Strategy = {
  name: 'least_latency',
  order(usable, turn) {
    return ascending(
      usable,
      (candidate) => turn.latencyOf(candidate) ?? unmeasured(candidate),
      turn.random,
    );
  },
};

const unmeasured = ({ inFlight }: Candidate) => (inFlight === 0 ? -1 : Infinity);
