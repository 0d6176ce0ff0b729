import { BUDGET_SCOPES } from '../../entities/budget-scope.ts';
import type { BudgetScope } from '../../entities/budget-scope.ts';
import { BudgetHold } from './budget-hold.ts';
import type { HoldFacts } from './budget-hold.ts';
import { LiveBudget } from './live-budget.ts';
import type { SettledOf } from './live-budget.ts';
import { PeriodClock } from './period.ts';
import { refusalAmong } from './tally.ts';
import type { BudgetAlert, BudgetRefusal } from './tally.ts';
import type { BudgetState, BudgetSubjects } from './terms.ts';

/** How much of a budget is taken, and by what. Nano-USD. */
export interface BudgetExplanation {
  readonly budget: BudgetState;
  /** The cap in force: with the raise while that lasts. */
  readonly capNano: bigint;
  readonly periodStartMs: number;
  readonly resetsAtMs: number | null;
  readonly settledNano: bigint;
  readonly holds: readonly { id: string; amountNano: bigint; sinceMs: number }[];
  /** Settled and the holds above, added up anew. */
  readonly sumNano: bigint;
  /** The number that refusals go by; always the same as the sum. */
  readonly enforcedNano: bigint;
}

const NONE: readonly LiveBudget[] = Object.freeze([]);

/**
 * The budgets of one process, in memory. As long as callers ask for a refusal and place their hold
 * in one synchronous step, no hold or extension ever takes settled + held money past the cap of a
 * hard budget; only a cost above its hold does, which its settlement reports. Amounts are nano-USD,
 * times epoch milliseconds.
 */
export class BudgetBook {
  readonly #onAlert: (alert: BudgetAlert) => void;
  readonly #budgets = new Map<string, LiveBudget>();
  readonly #bySubject: Readonly<Record<BudgetScope, Map<string, readonly LiveBudget[]>>> = {
    key: new Map(),
    team: new Map(),
    user: new Map(),
    pool: new Map(),
  };
  /** Of every call under way, also where no budget applies to it yet. */
  readonly #live = new Set<BudgetHold>();
  /** Budgets with the same kind of period share one: midnight is worked out once. */
  readonly #clocks = new Map<string, PeriodClock>();

  /** `onAlert` is called when a settlement has been counted; it should neither wait nor throw. */
  constructor(onAlert: (alert: BudgetAlert) => void) {
    this.#onAlert = onAlert;
  }

  /** Makes the book hold these budgets and no others, each as by `put`. */
  load(states: readonly BudgetState[], nowMs: number): void {
    const ids = new Set(states.map(({ id }) => id));
    for (const id of this.#budgets.keys()) if (!ids.has(id)) this.remove(id);
    for (const state of states) this.put(state, nowMs);
  }

  /**
   * Adds a budget or changes its terms. `settledNano`, of the period that now lies in, is taken for
   * a budget that is new or gets other periods; otherwise the book has counted and knows better.
   */
  put(state: BudgetState, nowMs: number): void {
    const clock = this.#clockOf(state);
    const known = this.#budgets.get(state.id);
    if (known === undefined) {
      const budget = new LiveBudget(state, { clock, nowMs, onAlert: this.#onAlert });
      this.#budgets.set(state.id, budget);
      this.#list(budget);
      this.#adopt(budget, nowMs);
      return;
    }
    const before = known.state;
    if (known.revise(state, clock, nowMs)) this.#adopt(known, nowMs);
    if (before.scope === state.scope && before.subjectId === state.subjectId) return;
    this.#unlist(known, before);
    this.#list(known);
  }

  remove(id: string): void {
    const budget = this.#budgets.get(id);
    if (budget === undefined) return;
    this.#budgets.delete(id);
    this.#unlist(budget, budget.state);
    budget.retire();
  }

  /** The budgets that apply to a call. */
  find(subjects: BudgetSubjects): readonly LiveBudget[] {
    let found = NONE;
    for (const scope of BUDGET_SCOPES) {
      const subject = subjects[scope];
      const more = subject === null ? undefined : this.#bySubject[scope].get(subject);
      if (more !== undefined) found = found === NONE ? more : [...found, ...more];
    }
    return found;
  }

  /**
   * The hard budget that so much more would exceed; of several, the one that resets last. What costs
   * nothing is never refused. Changes nothing.
   */
  refusal(budgets: readonly LiveBudget[], amountNano: bigint, nowMs: number): BudgetRefusal | null {
    if (budgets.length === 0) return null;
    const tallies = budgets.map((budget) => budget.tallyAt(nowMs));
    return refusalAmong(tallies, amountNano, nowMs);
  }

  /** Reserves money in all of them; the caller has asked for a refusal in the same step. */
  hold(budgets: readonly LiveBudget[], facts: HoldFacts): BudgetHold {
    const tallies = budgets.map((budget) => budget.tallyAt(facts.sinceMs));
    return new BudgetHold(facts, tallies, this.#live);
  }

  /**
   * Holds what is spent already, whatever room there is: of a call that was made elsewhere. It counts in
   * the periods of its time, as far as anybody needs those still.
   */
  charge(facts: HoldFacts, nowMs: number): BudgetHold {
    const tallies = this.find(facts.subjects).flatMap(
      (budget) => budget.tallyOf(facts.sinceMs, nowMs) ?? [],
    );
    return new BudgetHold(facts, tallies, this.#live);
  }

  /** Holds what was held before this process began, in the periods that admitted it. */
  resume(facts: HoldFacts, nowMs: number, settledOf: SettledOf): BudgetHold {
    const tallies = this.find(facts.subjects).map((budget) =>
      budget.recall(facts.sinceMs, nowMs, settledOf),
    );
    return new BudgetHold(facts, tallies, this.#live);
  }

  /**
   * A correction of a given time. What belongs to a period that is over does not count in the current
   * one; a time to come counts now.
   */
  adjust(id: string, deltaNano: bigint, atMs: number, nowMs: number): void {
    const tally = this.#budgets.get(id)?.tallyOf(atMs, nowMs);
    tally?.adjust(deltaNano);
    if (deltaNano > 0n) tally?.tell(nowMs);
  }

  /**
   * The ledger was corrected: what it has settled now, in each period that money is counted in still.
   * Holds stay as they are. A period that the wall clock was set back from goes on in memory alone: no
   * sum of the ledger is its.
   */
  recount(id: string, settledOf: SettledOf, nowMs: number): void {
    const budget = this.#budgets.get(id);
    if (budget === undefined) return;
    for (const tally of budget.talliesAt(nowMs)) {
      if (nowMs < tally.period.startMs) continue;
      tally.recount(settledOf(budget.state, tally.period), nowMs);
    }
  }

  get ids(): readonly string[] {
    return [...this.#budgets.keys()];
  }

  /** Undefined if there is no such budget. */
  explain(id: string, nowMs: number): BudgetExplanation | undefined {
    const budget = this.#budgets.get(id);
    if (budget === undefined) return undefined;
    const tally = budget.tallyAt(nowMs);
    const { startMs, endMs } = tally.period;
    const holds = [...tally.holds].map((hold) => ({
      id: hold.id,
      amountNano: hold.amountNano,
      sinceMs: hold.sinceMs,
    }));
    return {
      budget: budget.state,
      capNano: budget.termsAt(nowMs).capNano,
      periodStartMs: startMs,
      resetsAtMs: Number.isFinite(endMs) ? endMs : null,
      settledNano: tally.settledNano,
      holds,
      sumNano: holds.reduce((sum, { amountNano }) => sum + amountNano, tally.settledNano),
      enforcedNano: tally.enforcedNano,
    };
  }

  /** Calls under way that began in its period burden a new budget or period as if it had been there. */
  #adopt(budget: LiveBudget, nowMs: number): void {
    const tally = budget.tallyAt(nowMs);
    const { scope, subjectId } = budget.state;
    for (const hold of this.#live) {
      const isIts = hold.subjects[scope] === subjectId && hold.sinceMs >= tally.period.startMs;
      if (isIts && !tally.holds.has(hold)) hold.join(tally);
    }
  }

  #clockOf({ period, zone }: BudgetState): PeriodClock {
    const name = `${period} ${zone}`;
    let clock = this.#clocks.get(name);
    if (clock === undefined) {
      clock = new PeriodClock(period, zone);
      this.#clocks.set(name, clock);
    }
    return clock;
  }

  /** Lists are replaced, never changed: whoever has found one may keep it. */
  #list(budget: LiveBudget): void {
    const { scope, subjectId } = budget.state;
    const subjects = this.#bySubject[scope];
    subjects.set(subjectId, [...(subjects.get(subjectId) ?? []), budget]);
  }

  #unlist(budget: LiveBudget, { scope, subjectId }: BudgetState): void {
    const subjects = this.#bySubject[scope];
    const others = (subjects.get(subjectId) ?? []).filter((other) => other !== budget);
    if (others.length === 0) subjects.delete(subjectId);
    else subjects.set(subjectId, others);
  }
}
