import { refusalAmong } from './tally.ts';
import type { BudgetRefusal, Held, Tally, TallyOwner } from './tally.ts';

const NONE: readonly Tally[] = Object.freeze([]);

/**
 * Money reserved for one call, in nano-USD, in all budgets that apply to it. It is resolved exactly
 * once, by `settle` or `release`; whatever is called afterwards changes nothing. A call is charged
 * to the periods that admitted it, however long it takes. Amounts are never negative.
 */
export class BudgetHold implements Held {
  readonly id: string;
  readonly sinceMs: number;
  #amountNano: bigint;
  /** Empty once it is resolved. */
  #tallies: readonly Tally[];

  constructor(id: string, tallies: readonly Tally[], amountNano: bigint, sinceMs: number) {
    this.id = id;
    this.sinceMs = sinceMs;
    this.#amountNano = amountNano;
    this.#tallies = tallies;
    for (const tally of tallies) tally.add(this);
  }

  get amountNano(): bigint {
    return this.#amountNano;
  }

  /** Whether its money burdens the budget. */
  covers(budget: TallyOwner): boolean {
    return this.#tallies.some((tally) => tally.owner === budget);
  }

  /** Reserves so much more, in all its budgets or, with the reason, in none. */
  extend(amountNano: bigint): BudgetRefusal | null {
    const refusal = refusalAmong(this.#tallies, amountNano);
    if (refusal !== null || this.#tallies.length === 0) return refusal;
    for (const tally of this.#tallies) tally.extend(amountNano);
    this.#amountNano += amountNano;
    return null;
  }

  /** Puts the actual cost in place of the hold. Returns the overrun: what it cost beyond the hold. */
  settle(costNano: bigint): bigint {
    const tallies = this.#tallies;
    if (tallies.length === 0) return 0n;
    this.#tallies = NONE;
    for (const tally of tallies) tally.settle(this, costNano);
    // Last, when all is counted: a listener may ask for the figures, or fail.
    if (costNano > 0n) for (const tally of tallies) tally.tell();
    return costNano > this.#amountNano ? costNano - this.#amountNano : 0n;
  }

  /** Gives all of it back: the call cost nothing. */
  release(): void {
    this.settle(0n);
  }

  move(from: Tally, to: Tally): void {
    this.#tallies = this.#tallies.map((tally) => (tally === from ? to : tally));
  }
}

/** Of a call that no budget applies to. */
export const NO_HOLD = new BudgetHold('', NONE, 0n, 0);
