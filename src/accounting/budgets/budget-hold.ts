import { refusalAmong } from './tally.ts';
import type { BudgetRefusal, Held, Tally } from './tally.ts';
import type { BudgetSubjects } from './terms.ts';

const NONE: readonly Tally[] = Object.freeze([]);

/** What is to be held, for whose call. */
export interface HoldFacts {
  readonly id: string;
  readonly subjects: BudgetSubjects;
  /** Nano-USD, never negative. */
  readonly amountNano: bigint;
  readonly sinceMs: number;
}

/**
 * Money reserved for one call, in nano-USD, in all budgets that apply to it: those it found when it was
 * admitted, and those that were set since. It is resolved exactly once, by `settle` or `release`;
 * whatever is called afterwards changes nothing. A call is charged to the periods that admitted it,
 * however long it takes.
 */
export class BudgetHold implements Held {
  readonly id: string;
  readonly subjects: BudgetSubjects;
  readonly sinceMs: number;
  #amountNano: bigint;
  #tallies: readonly Tally[];
  /** All that are not resolved; null once this one is. */
  #live: Set<BudgetHold> | null;

  constructor(facts: HoldFacts, tallies: readonly Tally[], live: Set<BudgetHold>) {
    this.id = facts.id;
    this.subjects = facts.subjects;
    this.sinceMs = facts.sinceMs;
    this.#amountNano = facts.amountNano;
    this.#tallies = tallies;
    this.#live = live;
    live.add(this);
    for (const tally of tallies) tally.add(this);
  }

  get amountNano(): bigint {
    return this.#amountNano;
  }

  /** Burdens a budget that was set meanwhile, whatever room that has. */
  join(tally: Tally): void {
    this.#tallies = [...this.#tallies, tally];
    tally.add(this);
  }

  /** Reserves so much more, in all its budgets or, with the reason, in none. */
  extend(amountNano: bigint, nowMs: number): BudgetRefusal | null {
    const refusal = refusalAmong(this.#tallies, amountNano, nowMs);
    if (refusal !== null || this.#live === null) return refusal;
    for (const tally of this.#tallies) tally.extend(amountNano);
    this.#amountNano += amountNano;
    return null;
  }

  /** Takes back an extension that came to nothing. */
  shrink(amountNano: bigint): void {
    if (this.#live === null) return;
    for (const tally of this.#tallies) tally.extend(-amountNano);
    this.#amountNano -= amountNano;
  }

  /** Puts the actual cost in place of the hold, now. Returns the overrun: what it cost beyond the hold. */
  settle(costNano: bigint, nowMs: number): bigint {
    const tallies = this.#resolve(costNano);
    if (tallies === null) return 0n;
    // Last, when all is counted: a listener may ask for the figures, or fail.
    if (costNano > 0n) for (const tally of tallies) tally.tell(nowMs);
    return costNano > this.#amountNano ? costNano - this.#amountNano : 0n;
  }

  /** Gives all of it back: the call cost nothing. */
  release(): void {
    this.#resolve(0n);
  }

  move(from: Tally, to: Tally): void {
    this.#tallies = this.#tallies.map((tally) => (tally === from ? to : tally));
  }

  /** The tallies that it was in; null once it is resolved. */
  #resolve(costNano: bigint): readonly Tally[] | null {
    if (this.#live === null) return null;
    this.#live.delete(this);
    this.#live = null;
    const tallies = this.#tallies;
    this.#tallies = NONE;
    for (const tally of tallies) tally.settle(this, costNano);
    return tallies;
  }
}
