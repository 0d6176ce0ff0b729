import type { Clock } from '../lib/clock.ts';

/** A peer that takes nothing for so long is too slow, whatever else it does. */
const STALLED_MS = 10_000;

/** What is on its way to one peer, and whether it gets there. */
export class Outflow {
  readonly #clock: Clock;
  #waiting = 0;
  /** When something last went out, or began to wait; only while something waits. */
  #movedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isStalled(): boolean {
    return this.#waiting > 0 && this.#clock.monotonic() - this.#movedMs >= STALLED_MS;
  }

  /** Resolves when it is out, or will never be: who sends waits for that before it makes more. */
  send(write: (done: () => void) => void): Promise<void> {
    if (this.#waiting === 0) this.#movedMs = this.#clock.monotonic();
    this.#waiting += 1;
    return new Promise((resolve) => {
      write(() => {
        this.#waiting -= 1;
        this.#movedMs = this.#clock.monotonic();
        resolve();
      });
    });
  }
}
