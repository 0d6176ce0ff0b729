import { v7 } from 'uuid';
import { seededRandom } from '../../src/lib/random.ts';
import type { Random } from '../../src/lib/random.ts';

/** Choices that are the same for the same seed. */
export class Chance {
  readonly random: Random;
  #sequence = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  /** An id of that time; each sorts after the one before of the same millisecond. */
  id(atMs: number): string {
    this.#sequence = (this.#sequence + 1) % 2 ** 31;
    const bytes = Uint8Array.from({ length: 16 }, () => this.random() * 256);
    return v7({ random: bytes, msecs: Math.floor(atMs), seq: this.#sequence });
  }

  whole(min: number, max: number): number {
    return min + Math.floor(this.random() * (max - min + 1));
  }

  isOneIn(count: number): boolean {
    return this.random() * count < 1;
  }

  /** Most are near the median, a few are many times as large. */
  skewed(median: number): number {
    const bell = this.random() + this.random() + this.random() - 1.5;
    return Math.max(1, Math.round(median * Math.exp(1.6 * bell)));
  }
}

/** Draws one of some things, each as often as its weight says. */
export class Urn<T> {
  readonly #things: readonly T[];
  readonly #bounds: number[] = [];

  constructor(things: readonly T[], weightOf: (thing: T, index: number) => number) {
    this.#things = things;
    let total = 0;
    for (const [index, thing] of things.entries()) {
      total += weightOf(thing, index);
      this.#bounds.push(total);
    }
  }

  draw(random: Random): T {
    const at = random() * (this.#bounds.at(-1) ?? 0);
    let low = 0;
    let high = this.#bounds.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bounds[middle] ?? 0) > at) high = middle;
      else low = middle + 1;
    }
    const thing = this.#things[low];
    if (thing === undefined) throw new RangeError('an urn with nothing in it');
    return thing;
  }
}
