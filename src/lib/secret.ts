import { inspect } from 'node:util';

export const REDACTED = '[redacted]';

const HINT_LENGTH = 4;
/** Below this the hint would give away a large part of the text. */
const HINTED_LENGTH_MIN = 12;

/**
 * Text that cannot leak by accident: templates, JSON, inspection, logs, cloning and property
 * walks see a placeholder or nothing. Only `reveal` gives it back.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one place that sends or encrypts it. */
  reveal(): string {
    return this.#text;
  }

  /** The last four characters, for people to tell secrets apart; empty for short secrets. */
  get hint(): string {
    return this.#text.length < HINTED_LENGTH_MIN ? '' : this.#text.slice(-HINT_LENGTH);
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
