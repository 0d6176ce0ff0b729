import { GatewayError } from '../errors/gateway-error.ts';

/** Calls under way: bounded, countable, and waited for when the server stops. */
export class InFlight {
  readonly #max: number;
  readonly #calls = new Set<AbortController>();
  #isDraining = false;
  #onEmpty: (() => void) | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#calls.size;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  enter(call: AbortController): void {
    if (this.#isDraining) {
      throw new GatewayError('draining', 'The server is stopping. Try again.', {
        retryAfterMs: 1000,
      });
    }
    if (this.#calls.size >= this.#max) {
      throw new GatewayError('overloaded', 'The server has too many calls under way.', {
        retryAfterMs: 1000 + (this.#calls.size % 10) * 100,
      });
    }
    this.#calls.add(call);
  }

  leave(call: AbortController): void {
    this.#calls.delete(call);
    if (this.#calls.size === 0) this.#onEmpty?.();
  }

  /** No call enters from now on; resolves when the last one has left. */
  drained(): Promise<void> {
    this.#isDraining = true;
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onEmpty = resolve));
  }

  /** Ends what has not ended by itself. */
  abortAll(reason: string): void {
    for (const call of this.#calls) call.abort(reason);
  }
}
