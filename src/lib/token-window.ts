const CAPACITY_MIN = 8;

/** No call comes near it; up to two million takes of it still add up exactly in a double. */
const AMOUNT_MAX = 2 ** 32;

/**
 * An exact sliding-window log of amounts: as long as callers check and take in one synchronous step,
 * no half-open window of `windowMs` ever holds more than the limit. What a take comes to is often
 * known only later; `settle` puts that in its place, at the time of the take. Amounts are whole and
 * not negative, so that the running sum never drifts. Constant amortised time, except that a refusal
 * looks at the takes that must leave first, and `emptyAt` past the newest that came to nothing; memory
 * for the takes within one window only. Times are monotonic milliseconds; one that steps back is held
 * at the latest take, so that no step frees room early.
 */
export class TokenWindow {
  readonly #windowMs: number;
  /** Rings of the same takes in order, oldest at #head; their length is a power of two. */
  #times = new Float64Array(CAPACITY_MIN);
  #amounts = new Float64Array(CAPACITY_MIN);
  #head = 0;
  #size = 0;
  /** The number of the oldest take; the others follow without a gap. */
  #firstTicket = 0;
  #sum = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** What still counts at this time. */
  sum(nowMs: number): number {
    while (this.#size > 0 && this.#timeAt(0) + this.#windowMs <= nowMs) {
      this.#sum -= this.#amountAt(0);
      this.#head = this.#slot(1);
      this.#size -= 1;
      this.#firstTicket += 1;
    }
    if (this.#size === 0 && this.#times.length > CAPACITY_MIN) this.#resize(CAPACITY_MIN);
    return this.#sum;
  }

  /**
   * The earliest time at which a take of this amount is within the limit; Infinity if the limit is
   * below one. What is larger than the limit alone may go once nothing else counts, or it never could.
   */
  nextFreeAt(limit: number, amount: number, nowMs: number): number {
    if (limit < 1) return Number.POSITIVE_INFINITY;
    const wanted = Math.min(counted(amount), limit);
    let left = this.sum(nowMs);
    let freeMs = nowMs;
    for (let index = 0; left + wanted > limit && index < this.#size; index += 1) {
      left -= this.#amountAt(index);
      freeMs = this.#timeAt(index) + this.#windowMs;
    }
    return freeMs;
  }

  /** When the newest amount leaves, and with it all; now if nothing counts. */
  emptyAt(nowMs: number): number {
    if (this.sum(nowMs) === 0) return nowMs;
    let newest = this.#size - 1;
    while (this.#amountAt(newest) === 0) newest -= 1;
    return this.#timeAt(newest) + this.#windowMs;
  }

  /** Returns the number by which the take can be settled. */
  take(amount: number, nowMs: number): number {
    this.sum(nowMs);
    const size = this.#size;
    if (size === this.#times.length) this.#resize(size * 2);
    const timeMs = size === 0 ? nowMs : Math.max(nowMs, this.#timeAt(size - 1));
    this.#times[this.#slot(size)] = timeMs;
    this.#amounts[this.#slot(size)] = counted(amount);
    this.#sum += counted(amount);
    this.#size = size + 1;
    return this.#firstTicket + size;
  }

  /** Replaces the amount of a take, as often as one likes; one that has left the window stays gone. */
  settle(ticket: number, actual: number, nowMs: number): void {
    this.sum(nowMs);
    const index = ticket - this.#firstTicket;
    if (index < 0 || index >= this.#size) return;
    this.#sum += counted(actual) - this.#amountAt(index);
    this.#amounts[this.#slot(index)] = counted(actual);
  }

  #timeAt(index: number): number {
    return this.#times[this.#slot(index)] ?? 0;
  }

  #amountAt(index: number): number {
    return this.#amounts[this.#slot(index)] ?? 0;
  }

  #slot(index: number): number {
    return (this.#head + index) & (this.#times.length - 1);
  }

  #resize(capacity: number): void {
    this.#times = unrolled(this.#times, this.#head, capacity);
    this.#amounts = unrolled(this.#amounts, this.#head, capacity);
    this.#head = 0;
  }
}

/** Parts of tokens count whole; less than nothing, or no number, counts nothing. */
const counted = (amount: number): number =>
  amount > 0 ? Math.min(Math.ceil(amount), AMOUNT_MAX) : 0;

/** The ring with its oldest first, in more room; a smaller one is an empty one. */
function unrolled(ring: Float64Array, head: number, capacity: number): Float64Array<ArrayBuffer> {
  const other = new Float64Array(capacity);
  if (capacity < ring.length) return other;
  other.set(ring.subarray(head));
  other.set(ring.subarray(0, head), ring.length - head);
  return other;
}
