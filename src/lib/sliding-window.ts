const CAPACITY_MIN = 8;

/**
 * An exact sliding-window log: as long as callers check and take in one synchronous step, no
 * half-open window of `windowMs` ever holds more takes than the limit. Constant amortised time;
 * memory for the takes within one window only. Times are monotonic milliseconds; one that steps back
 * is held at the latest take, so that no step frees a slot early.
 */
export class SlidingWindow {
  readonly #windowMs: number;
  /** A ring of times in order, oldest at #head; its length is a power of two. */
  #times = new Float64Array(CAPACITY_MIN);
  #head = 0;
  #size = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Takes that still count at this time. */
  count(nowMs: number): number {
    while (this.#size > 0 && this.#at(0) + this.#windowMs <= nowMs) {
      this.#head = (this.#head + 1) & (this.#times.length - 1);
      this.#size -= 1;
    }
    if (this.#size === 0 && this.#times.length > CAPACITY_MIN) {
      this.#times = new Float64Array(CAPACITY_MIN);
      this.#head = 0;
    }
    return this.#size;
  }

  /** Whether one more take now would be one too many. Changes no count. */
  wouldExceed(limit: number, nowMs: number): boolean {
    return this.count(nowMs) + 1 > limit;
  }

  take(nowMs: number): void {
    const size = this.count(nowMs);
    if (size === this.#times.length) this.#grow();
    const timeMs = size === 0 ? nowMs : Math.max(nowMs, this.#at(size - 1));
    this.#times[(this.#head + size) & (this.#times.length - 1)] = timeMs;
    this.#size = size + 1;
  }

  /** The earliest time at which a take is within the limit; Infinity if the limit is below one. */
  nextFreeAt(limit: number, nowMs: number): number {
    if (limit < 1) return Number.POSITIVE_INFINITY;
    const excess = this.count(nowMs) - Math.floor(limit);
    return excess < 0 ? nowMs : this.#at(excess) + this.#windowMs;
  }

  /** When the newest take leaves, and with it all; now if none counts. */
  emptyAt(nowMs: number): number {
    const size = this.count(nowMs);
    return size === 0 ? nowMs : this.#at(size - 1) + this.#windowMs;
  }

  #at(index: number): number {
    return this.#times[(this.#head + index) & (this.#times.length - 1)] ?? 0;
  }

  #grow(): void {
    const grown = new Float64Array(this.#times.length * 2);
    grown.set(this.#times.subarray(this.#head));
    grown.set(this.#times.subarray(0, this.#head), this.#times.length - this.#head);
    this.#times = grown;
    this.#head = 0;
  }
}
