import type { Event } from '../entities/event.ts';

/** The newest rows of the log: all of them after `floor`. */
export class Ring {
  readonly #size: number;
  #rows: Event[] = [];
  #floor: number;

  constructor(size: number, floor: number) {
    this.#size = size;
    this.#floor = floor;
  }

  /** Rows up to this one are not here. */
  get floor(): number {
    return this.#floor;
  }

  /** Of the newest row that was told. */
  get newest(): number {
    return this.#rows.at(-1)?.seq ?? this.#floor;
  }

  push(event: Event): void {
    this.#rows.push(event);
    // Dropped many at a time, which costs less than one by one.
    if (this.#rows.length < this.#size * 2) return;
    this.#floor = this.#rows[this.#size - 1]?.seq ?? this.#floor;
    this.#rows = this.#rows.slice(this.#size);
  }

  /** The first row after one that is not below the floor. */
  next(after: number): Event | undefined {
    let [low, high] = [0, this.#rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rows[middle]?.seq ?? Infinity) > after) high = middle;
      else low = middle + 1;
    }
    return this.#rows[low];
  }
}
