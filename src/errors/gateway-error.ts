import { catalogue } from './catalogue.ts';
import type { ErrorCode, ErrorRow } from './catalogue.ts';

/** What is wrong with one field of what was asked. */
export interface Mistake {
  readonly field: string;
  readonly text: string;
}

export interface ErrorDetails {
  /** The request field at fault, as OpenAI's `param`. */
  param?: string;
  /** All that is wrong, one by one, where the message tells of several. */
  mistakes?: readonly Mistake[];
  /** Earliest sensible retry, milliseconds from now. */
  retryAfterMs?: number;
  /** For the log only; never shown to a caller. */
  cause?: unknown;
}

/** The one error class. `message` is public and safe; all other facts come from the catalogue row. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly param: string | null;
  readonly mistakes: readonly Mistake[];
  readonly retryAfterMs: number | undefined;
  /** The call on record that it came of, which may be another than the one it is told to. */
  requestId: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.param = details.param ?? null;
    this.mistakes =
      details.mistakes ??
      (details.param === undefined ? [] : [{ field: details.param, text: message }]);
    this.retryAfterMs = details.retryAfterMs;
  }

  /** The same error, of this call unless it came of another. */
  of(requestId: string): this {
    this.requestId ??= requestId;
    return this;
  }

  get row(): ErrorRow {
    return catalogue[this.code];
  }

  /** The single catch-all, called by the outermost error renderers only. */
  static from(thrown: unknown): GatewayError {
    if (thrown instanceof GatewayError) return thrown;
    return new GatewayError('internal', 'An internal error occurred.', { cause: thrown });
  }
}
