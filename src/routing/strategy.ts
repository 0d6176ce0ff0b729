import type { Random } from '../lib/random.ts';

/** What a strategy may know of a credential that could serve now. */
export interface Candidate {
  readonly id: string;
  /** Provider balance as far as we know, nano-USD; null when the provider tells none. */
  readonly balanceNano: bigint | null;
  /** At least 1. */
  readonly weight: number;
  /** Lower ones serve first. */
  readonly priority: number;
  /** Calls it is serving now. */
  readonly inFlight: number;
}

/** Kept for each pool between calls. */
export interface StrategyState {
  /** Turns taken so far, where turns are taken. */
  cursor: number;
  /** The latest turn of each who had one, by id; see `rotation.ts`, which makes it when needed. */
  turns?: Map<string, number>;
  /** Whom calls go to first under `selected_then_rotate`; null is the first of all. */
  selectedId: string | null;
}

/**
 * Orders candidates: the first is tried first, the others are its fail-over order. Pure but for
 * `state` and `random`. `all` is the pool's whole list in order of creation, so that a position
 * means the same thing while some of its members are unusable.
 */
export interface Strategy {
  readonly name: string;
  order<C extends Candidate>(usable: readonly C[], turn: Turn<C>): C[];
  /**
   * Told that a candidate refused a call for its own fault. Who is selected from now on, if that
   * changes; the state has it already.
   */
  failed?<C extends Candidate>(candidate: C, turn: FailedTurn<C>): C | null;
}

export interface Turn<C extends Candidate> {
  all: readonly C[];
  state: StrategyState;
  random: Random;
  minCreditNano: bigint;
  /** What this call may cost with the candidate, nano-USD; null when nobody knows its price. */
  costOf(candidate: C): bigint | null;
  /** Recent milliseconds to the first byte for this model; null when none were seen lately. */
  latencyOf(candidate: C): number | null;
}

export interface FailedTurn<C extends Candidate> {
  all: readonly C[];
  state: StrategyState;
  isUsable(candidate: C): boolean;
}
