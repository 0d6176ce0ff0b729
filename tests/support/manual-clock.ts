import type { Clock, Timer } from '../../src/lib/clock.ts';

interface Pending {
  dueMs: number;
  delayMs: number;
  run(): void;
}

/**
 * Time that stands still until a test moves it, so that every moment is exact. `advance` fires what
 * falls due on the way, each at its own time, also what was only set on the way.
 */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  readonly #pending = new Set<Pending>();

  constructor(wallMs = 1_800_000_000_000) {
    this.#wallMs = wallMs;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  after(ms: number, run: () => void): Timer {
    const pending: Pending = { dueMs: this.#monotonicMs + ms, delayMs: ms, run };
    let isCancelled = false;
    this.#pending.add(pending);
    return {
      // As Node's timers: one that has fired starts again, one that was cancelled stays so.
      refresh: () => {
        if (isCancelled) return;
        pending.dueMs = this.#monotonicMs + pending.delayMs;
        this.#pending.add(pending);
      },
      cancel: () => {
        isCancelled = true;
        this.#pending.delete(pending);
      },
    };
  }

  /** Milliseconds until each timer that is set, soonest first. */
  get waits(): number[] {
    const waits = [...this.#pending].map(({ dueMs }) => dueMs - this.#monotonicMs);
    return waits.toSorted((left, right) => left - right);
  }

  advance(ms: number): void {
    const untilMs = this.#monotonicMs + ms;
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#move(Math.max(0, next.dueMs - this.#monotonicMs));
      this.#pending.delete(next);
      next.run();
    }
    this.#move(untilMs - this.#monotonicMs);
  }

  /** The wall clock alone is set, as an operator or NTP does. */
  setWall(ms: number): void {
    this.#wallMs = ms;
  }

  #move(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  #nextDue(untilMs: number): Pending | undefined {
    const due = [...this.#pending].filter(({ dueMs }) => dueMs <= untilMs);
    return due.toSorted((left, right) => left.dueMs - right.dueMs)[0];
  }
}
