import { OUTPUT_TOKENS_DEFAULT, tokensOf } from '../accounting/estimate.ts';
import { costOf } from '../accounting/prices/cost.ts';
import type { PriceSheet } from '../accounting/prices/price-row.ts';
import type { Ticket } from '../accounting/ticket.ts';
import type { Usage } from '../entities/usage.ts';

/** Some texts have fewer tokens than their bytes tell; an upstream that heeds its cap has not so many. */
const DISTRUST_FACTOR = 4;
/** Looked at again after so many bytes of text. */
const STEP_BYTES = 1024;

/**
 * The cost of an answer while it streams (trust M7). When what it produces comes near what is held for
 * it, more is held, a slice at a time; a budget that has no more to give ends it.
 */
export class RunningCost {
  readonly #ticket: Ticket;
  readonly #price: PriceSheet | undefined;
  /** What the call was estimated to use; its output is replaced by what was produced. */
  readonly #estimate: Usage;
  /** The client's own cap bounds the output. */
  readonly #isCapped: boolean;
  #nextLookBytes = 0;

  /** Without a price, or a text that costs something, nothing is known, and nothing ends it. */
  constructor(
    ticket: Ticket,
    price: PriceSheet | undefined,
    { estimate, isCapped }: { estimate: Usage; isCapped: boolean },
  ) {
    this.#ticket = ticket;
    this.#price = estimate.output === 0 ? undefined : price;
    this.#estimate = estimate;
    this.#isCapped = isCapped;
  }

  /** Whether so much text is paid for. Costs nothing between two looks. */
  covers(producedBytes: number): boolean {
    if (producedBytes < this.#nextLookBytes || this.#price === undefined) return true;
    const isAhead = this.#ticket.holdsAtLeast(
      this.#costNano(producedBytes + STEP_BYTES, this.#price),
      costOf({ ...this.#estimate, input: 0, output: OUTPUT_TOKENS_DEFAULT }, this.#price).costNano,
    );
    // Near the end of the money every event is looked at.
    this.#nextLookBytes = producedBytes + (isAhead ? STEP_BYTES : 1);
    return isAhead || this.#ticket.holdsAtLeast(this.#costNano(producedBytes, this.#price), 0n);
  }

  #costNano(producedBytes: number, price: PriceSheet): bigint {
    return costOf({ ...this.#estimate, output: this.#outputOf(producedBytes) }, price).costNano;
  }

  #outputOf(producedBytes: number): number {
    const produced = tokensOf(producedBytes);
    const { output: most } = this.#estimate;
    return this.#isCapped && produced <= most * DISTRUST_FACTOR
      ? Math.min(produced, most)
      : produced;
  }
}
