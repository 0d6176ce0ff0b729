import type { Clock, Timer } from '../lib/clock.ts';
import type { Call } from './call.ts';
import type { Exchange } from './exchange.ts';

/** A client that takes nothing for so long is given up (trust C10). */
const STALL_MS = 120_000;

/**
 * Writes to the client at the pace it reads: while it lags, the upstream is paused, so that what is
 * buffered here stays bounded.
 */
export class Writer {
  readonly #call: Call;
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  #stall: Timer | undefined;
  #isWaiting = false;

  constructor(call: Call, exchange: Exchange, clock: Clock) {
    this.#call = call;
    this.#exchange = exchange;
    this.#clock = clock;
  }

  write(bytes: Buffer): void {
    if (this.#call.sink.write(bytes) || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#exchange.pause();
    this.#stall = this.#clock.after(STALL_MS, () => this.#exchange.abort('client_stalled'));
    this.#call.sink.onDrain(() => {
      this.#isWaiting = false;
      this.#stall?.cancel();
      this.#exchange.resume();
    });
  }

  /** No timer may outlive the delivery. */
  close(): void {
    this.#stall?.cancel();
  }
}
