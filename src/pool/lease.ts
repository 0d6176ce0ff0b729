import type { Served } from './served.ts';
import type { Member } from './member.ts';
import type { Scope } from './origin-health.ts';

/** What a call needs of a credential. */
export interface Need {
  /** How the credential serves the model. */
  served: Served;
  /** Tokens it may use, as estimated. */
  tokens: number;
  /** Wall clock. */
  nowMs: number;
  /** Its monotonic twin. */
  monotonicMs: number;
}

/**
 * One attempt's hold on a credential: a slot and tokens of its limits, its share of the load, and
 * the trial if it is on one. Given back once, however the attempt ends.
 */
export class Lease {
  readonly member: Member;
  readonly served: Served;
  /** Wall clock: what is learned of the credential later is not undone by this attempt. */
  readonly startedAtMs: number;
  /** Its monotonic twin. */
  readonly startedMs: number;
  readonly #taken: number | null;
  readonly #trials: string[];
  readonly #originTrials: readonly Scope[];
  #isOver = false;

  /** The caller has made sure, in the same step, that the member may serve. */
  constructor(member: Member, { served, tokens, nowMs, monotonicMs }: Need) {
    this.member = member;
    this.served = served;
    this.startedAtMs = nowMs;
    this.startedMs = monotonicMs;
    this.#taken = member.usage.take(member.limits, tokens, monotonicMs);
    this.#trials = member.health.beginTrial(served.upstream, nowMs);
    this.#originTrials = member.originHealth.beginTrial(served.upstream, nowMs);
    member.enter();
  }

  /** The tokens really used replace the estimate. */
  settle(tokens: number, monotonicMs: number): void {
    if (this.#taken !== null) this.member.usage.settle(this.#taken, tokens, monotonicMs);
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.member.leave();
    this.member.health.endTrial(this.#trials);
    this.member.originHealth.endTrial(this.#originTrials);
  }
}
