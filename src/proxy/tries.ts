import type { Lease } from '../pool/lease.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Route } from './route.ts';
import type { Verdict } from './verdict.ts';

/** The retry discipline of one call: who is tried next after a verdict, and whether anybody is. */
export class Tries {
  readonly #route: Route;
  readonly #budget: RetryBudget;
  #left: number;
  #isBudgeted = false;

  constructor(route: Route, budget: RetryBudget, attemptsMax: number) {
    this.#route = route;
    this.#budget = budget;
    this.#left = attemptsMax;
  }

  first(): Lease | null {
    this.#left -= 1;
    return this.#route.next();
  }

  /** Null: that was the last one. A body that streams through can be sent only once. */
  after(verdict: Verdict, canSendAgain: boolean): Lease | null {
    this[Symbol.dispose]();
    if (verdict.next !== 'next' || !canSendAgain || this.#left <= 0) return null;
    if (verdict.effect.kind === 'origin') {
      if (!this.#budget.tryTake()) return null;
      this.#isBudgeted = true;
    }
    this.#left -= 1;
    return this.#route.next();
  }

  /** The attempt that the budget was taken for is over. */
  [Symbol.dispose](): void {
    if (this.#isBudgeted) this.#budget.giveBack();
    this.#isBudgeted = false;
  }
}
