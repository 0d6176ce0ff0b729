import type { PeriodClock } from './period.ts';
import { Tally } from './tally.ts';
import type { BudgetAlert, TallyOwner } from './tally.ts';
import { termsOf } from './terms.ts';
import type { BudgetState, Terms } from './terms.ts';

/**
 * A budget with the tally of its current period. The period is judged by time at every look and
 * only ever moves forward: a wall clock that is set back goes on spending from the latest one.
 */
export class LiveBudget implements TallyOwner {
  readonly onAlert: (alert: BudgetAlert) => void;
  #terms: Terms;
  #clock: PeriodClock;
  #tally: Tally;
  /** Of periods that are over, but still have calls under way. */
  #earlier: readonly Tally[] = [];

  constructor(
    state: BudgetState,
    parts: { clock: PeriodClock; nowMs: number; onAlert: (alert: BudgetAlert) => void },
  ) {
    this.onAlert = parts.onAlert;
    this.#terms = termsOf(state);
    this.#clock = parts.clock;
    this.#tally = new Tally(this, parts.clock.periodAt(parts.nowMs), state.settledNano);
  }

  get terms(): Terms {
    return this.#terms;
  }

  /** Whether it holds what a call can cost at most, rather than what it probably will. */
  get isStrict(): boolean {
    const { isEnabled, isHard, isStrict } = this.#terms.state;
    return isEnabled && isHard && isStrict;
  }

  tallyAt(nowMs: number): Tally {
    if (nowMs >= this.#tally.period.endMs) this.#turn(nowMs, 0n);
    return this.#tally;
  }

  /** The tally that a past or present payment counts in; undefined if nobody needs it any more. */
  tallyOf(atMs: number, nowMs: number): Tally | undefined {
    const current = this.tallyAt(nowMs);
    const { startMs } = current.period;
    // While the clock is behind the current period, "before it" may well be now.
    if (atMs >= startMs || nowMs < startMs) return current;
    return this.#earlier.find(({ period }) => atMs >= period.startMs && atMs < period.endMs);
  }

  /** New terms. Money and holds stay, unless the periods are others: then `settledNano` holds. */
  revise(state: BudgetState, clock: PeriodClock, nowMs: number): void {
    this.tallyAt(nowMs);
    const terms = termsOf(state);
    if (clock === this.#clock) {
      const isNewCap = state.capNano !== this.#terms.state.capNano;
      this.#terms = terms;
      if (!isNewCap) return;
      this.#tally.rearm();
      // Under a cap that was lowered no settlement may follow that would tell it.
      if (this.#tally.settledNano > 0n) this.#tally.tell();
      return;
    }
    // Asked first: a zone that does not exist changes nothing.
    clock.periodAt(nowMs);
    this.#terms = terms;
    this.#clock = clock;
    this.#turn(nowMs, state.settledNano);
    for (const tally of this.#earlier) tally.handOver(this.#tally);
  }

  /** Whoever still holds money in it is no longer bound by it. */
  retire(): void {
    this.#terms = { ...this.#terms, state: { ...this.#terms.state, isEnabled: false } };
  }

  #turn(nowMs: number, settledNano: bigint): void {
    this.#earlier = [...this.#earlier, this.#tally].filter(({ holds }) => holds.size > 0);
    this.#tally = new Tally(this, this.#clock.periodAt(nowMs), settledNano);
  }
}
