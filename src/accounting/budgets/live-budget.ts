import { capAt } from './cap.ts';
import type { Period, PeriodClock } from './period.ts';
import { Tally } from './tally.ts';
import type { BudgetAlert, TallyOwner } from './tally.ts';
import { termsOf } from './terms.ts';
import type { BudgetState, Terms } from './terms.ts';

/** Nano-USD that the ledger has settled of a budget in a period. */
export type SettledOf = (state: BudgetState, period: Period) => bigint;

/**
 * A budget with the tally of its current period. Period and raise are judged by time at every look,
 * and time only ever moves forward: a wall clock that is set back goes on spending from the latest
 * period, and brings no raise back that is over.
 */
export class LiveBudget implements TallyOwner {
  readonly onAlert: (alert: BudgetAlert) => void;
  /** Those without a raise. */
  #terms: Terms;
  /** Those of a raise, as long as it lasts. */
  #raised: Terms | null;
  #clock: PeriodClock;
  #tally: Tally;
  /** Of periods that are over, but still have calls under way. */
  #earlier: readonly Tally[] = [];

  constructor(
    state: BudgetState,
    parts: { clock: PeriodClock; nowMs: number; onAlert: (alert: BudgetAlert) => void },
  ) {
    this.onAlert = parts.onAlert;
    this.#terms = termsOf(state, state.capNano);
    this.#raised = raisedTerms(state, parts.nowMs);
    this.#clock = parts.clock;
    this.#tally = this.#newTally(parts.nowMs, state.settledNano);
  }

  get state(): BudgetState {
    return this.#terms.state;
  }

  /** A raise that is over has ended as if the cap were lowered at this look. */
  termsAt(nowMs: number): Terms {
    if (this.#raised === null) return this.#terms;
    if (!isOver(this.#raised, nowMs)) return this.#raised;
    this.#raised = null;
    this.#retell(nowMs);
    return this.#terms;
  }

  /** Whether it holds what a call can cost at most, rather than what it probably will. */
  get isStrict(): boolean {
    const { isEnabled, isHard, isStrict } = this.state;
    return isEnabled && isHard && isStrict;
  }

  tallyAt(nowMs: number): Tally {
    if (nowMs >= this.#tally.period.endMs) this.#turn(nowMs, 0n);
    this.termsAt(nowMs);
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

  /**
   * The same, made anew where the period was over before this process began: what was held in it stays
   * bound by it. `settledOf` tells what was settled in a period.
   */
  recall(atMs: number, nowMs: number, settledOf: SettledOf): Tally {
    const known = this.tallyOf(atMs, nowMs);
    if (known !== undefined) return known;
    const period = this.#clock.periodAt(atMs);
    const settledNano = settledOf(this.state, period);
    const tally = new Tally(this, { period, settledNano, terms: this.termsAt(nowMs) });
    this.#earlier = [...this.#earlier, tally];
    return tally;
  }

  /** Of the current period, and of those that are over and have calls under way. */
  talliesAt(nowMs: number): readonly Tally[] {
    const current = this.tallyAt(nowMs);
    return [current, ...this.#earlier.filter(({ holds }) => holds.size > 0)];
  }

  /**
   * New terms. Money and holds stay, unless the periods are others, which is told: then `settledNano`
   * holds, and calls that no tally knew may belong to the new one.
   */
  revise(state: BudgetState, clock: PeriodClock, nowMs: number): boolean {
    this.tallyAt(nowMs);
    const before = this.termsAt(nowMs).capNano;
    // Asked first: a zone that does not exist changes nothing.
    if (clock !== this.#clock) clock.periodAt(nowMs);
    this.#terms = termsOf(state, state.capNano);
    this.#raised = raisedTerms(state, nowMs);
    if (clock === this.#clock) {
      if (this.termsAt(nowMs).capNano !== before) this.#retell(nowMs);
      return false;
    }
    this.#clock = clock;
    this.#turn(nowMs, state.settledNano);
    for (const tally of this.#earlier) tally.handOver(this.#tally);
    return true;
  }

  /** Whoever still holds money in it is no longer bound by it. */
  retire(): void {
    this.#terms = { ...this.#terms, state: { ...this.state, isEnabled: false } };
    this.#raised = null;
  }

  /** The cap is another. Under one that was lowered no settlement may follow that would tell it. */
  #retell(nowMs: number): void {
    this.#tally.rearm(nowMs);
    if (this.#tally.settledNano > 0n) this.#tally.tell(nowMs);
  }

  #turn(nowMs: number, settledNano: bigint): void {
    this.#earlier = [...this.#earlier, this.#tally].filter(({ holds }) => holds.size > 0);
    this.#tally = this.#newTally(nowMs, settledNano);
  }

  #newTally(nowMs: number, settledNano: bigint): Tally {
    // It has nothing to tell of a raise that ended with an earlier period.
    if (this.#raised !== null && isOver(this.#raised, nowMs)) this.#raised = null;
    const period = this.#clock.periodAt(nowMs);
    return new Tally(this, { period, settledNano, terms: this.#raised ?? this.#terms });
  }
}

/** Null where no raise is in force. */
function raisedTerms(state: BudgetState, nowMs: number): Terms | null {
  const capNano = capAt(state, nowMs);
  return capNano === state.capNano ? null : termsOf(state, capNano);
}

const isOver = ({ state, capNano }: Terms, nowMs: number): boolean =>
  capAt(state, nowMs) !== capNano;
