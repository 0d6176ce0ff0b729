import type { Clock } from './clock.ts';
import { Doorbell } from './doorbell.ts';

/**
 * Which of many things have changed, for a reader who wants to know how they are now: however often
 * one changes, it is told at most once in each interval, and the last change is always told. There
 * is no queue: a reader that is slow is told less often.
 */
export class Conflation<K> {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #changed = new Set<K>();
  readonly #toldMs = new Map<K, number>();
  readonly #bell = new Doorbell();

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  mark(key: K): void {
    this.#changed.add(key);
    this.#bell.ring();
  }

  async *follow(signal: AbortSignal): AsyncGenerator<K, void> {
    while (!signal.aborted) {
      for (const key of this.#changed) {
        if (this.#waitMs(key) > 0) continue;
        this.#changed.delete(key);
        this.#toldMs.set(key, this.#clock.monotonic());
        yield key;
      }
      const waits = [...this.#changed].map((key) => this.#waitMs(key));
      if (waits.length === 0) await this.#bell.rung(signal);
      else await this.#pause(Math.min(...waits), signal);
    }
  }

  #waitMs(key: K): number {
    const toldMs = this.#toldMs.get(key) ?? Number.NEGATIVE_INFINITY;
    return toldMs + this.#intervalMs - this.#clock.monotonic();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0) return;
    const timer = this.#clock.after(ms, () => this.#bell.ring());
    await this.#bell.rung(signal);
    timer.cancel();
  }
}
