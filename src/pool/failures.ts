import type { EffectFacts } from './effect.ts';

const KEPT = 10;

/** The last failed attempts on a credential, for people to look at: a ring that never grows. */
export class Failures {
  #ring: EffectFacts[] = [];
  #next = 0;

  /** The facts are kept as they are: nobody changes them afterwards. */
  note(facts: EffectFacts): void {
    this.#ring[this.#next] = facts;
    this.#next = (this.#next + 1) % KEPT;
  }

  /** Newest first. */
  list(): EffectFacts[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)].toReversed();
  }
}
