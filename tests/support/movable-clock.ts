import { systemClock } from '../../src/lib/clock.ts';
import type { Clock, Timer } from '../../src/lib/clock.ts';

interface Pending {
  dueMs: number;
  delayMs: number;
  run(): void;
  handle: Timer | undefined;
  isCancelled: boolean;
}

/**
 * Real time that a test can push forward: `advance` makes every timer that falls due fire at once,
 * in order. Nothing has to sleep for a timeout to be seen.
 */
export class MovableClock implements Clock {
  #offsetMs = 0;
  readonly #pending = new Set<Pending>();

  now(): number {
    return systemClock.now() + this.#offsetMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.#offsetMs;
  }

  after(ms: number, run: () => void): Timer {
    const pending: Pending = { dueMs: 0, delayMs: ms, run, handle: undefined, isCancelled: false };
    this.#arm(pending);
    return {
      // As Node's timers: one that was cancelled stays so, one that has fired begins anew.
      refresh: () => {
        if (!pending.isCancelled) this.#arm(pending);
      },
      cancel: () => {
        pending.isCancelled = true;
        this.#disarm(pending);
      },
    };
  }

  advance(ms: number): void {
    this.#offsetMs += ms;
    const due = [...this.#pending].filter((one) => one.dueMs <= this.monotonic());
    for (const pending of due.toSorted((left, right) => left.dueMs - right.dueMs)) {
      if (this.#pending.has(pending)) this.#fire(pending);
    }
  }

  #arm(pending: Pending): void {
    pending.handle?.cancel();
    pending.dueMs = this.monotonic() + pending.delayMs;
    pending.handle = systemClock.after(pending.delayMs, () => this.#fire(pending));
    this.#pending.add(pending);
  }

  #fire(pending: Pending): void {
    this.#disarm(pending);
    pending.run();
  }

  #disarm(pending: Pending): void {
    pending.handle?.cancel();
    this.#pending.delete(pending);
  }
}
