/** Share of the calls under way that may be second attempts after an origin failed (trust S3). */
const SHARE = 0.2;
const ALWAYS = 3;

/**
 * Bounds what retries add to the load of an origin that is unwell. A credential's own refusal costs its
 * upstream nothing and needs no budget.
 */
export class RetryBudget {
  readonly #inFlight: () => number;
  #retries = 0;

  constructor(inFlight: () => number) {
    this.#inFlight = inFlight;
  }

  /** Whether one more retry may begin; it is to be given back when its attempt is over. */
  tryTake(): boolean {
    if (this.#retries >= Math.max(ALWAYS, this.#inFlight() * SHARE)) return false;
    this.#retries += 1;
    return true;
  }

  giveBack(): void {
    this.#retries -= 1;
  }
}
