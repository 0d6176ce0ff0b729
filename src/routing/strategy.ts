import type { Random } from '../lib/random.ts';

/** What a strategy may know of a credential that could serve now. */
export interface Candidate {
  readonly id: string;
  /** Provider balance as far as we know, nano-USD; null when the provider tells none. */
  readonly balanceNano: bigint | null;
}

/** Kept for each pool between calls. */
export interface StrategyState {
  cursor: number;
}

/**
 * Orders candidates: the first is tried first, the others are its fail-over order. Pure but for
 * `state` and `random`. `all` is the pool's whole list, so that a position means the same thing
 * while some of its members are unusable.
 */
export interface Strategy {
  readonly name: string;
  order<C extends Candidate>(usable: readonly C[], turn: Turn<C>): C[];
}

export interface Turn<C extends Candidate> {
  all: readonly C[];
  state: StrategyState;
  random: Random;
  minCreditNano: bigint;
}
