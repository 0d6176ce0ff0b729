import type { Block } from './block.ts';
import type { Sentence } from './failure-counts.ts';

/** What an effect led to. */
export interface Outcome {
  /** Newly in force, worth an event. */
  block: Block | null;
  sentence: Sentence | null;
  /** The provider should be asked whether the credential still works. */
  wantsProbe: boolean;
  /** The provider should be asked for the balance. */
  wantsBalance: boolean;
}

export const NOTHING: Outcome = Object.freeze({
  block: null,
  sentence: null,
  wantsProbe: false,
  wantsBalance: false,
});
