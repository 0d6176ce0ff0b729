import type { Readable } from 'node:stream';
import type { LimitSubject } from '../accounting/limits.ts';

/**
 * One `/v1` request as the data plane sees it. No type of the HTTP server appears below this
 * line, so that another front can be put above it (performance: two lanes on one port).
 */
export interface Call {
  /** Gateway-made UUIDv7: `x-request-id`, record id, hold id. */
  readonly id: string;
  readonly method: string;
  /** As received, without the query; the edge has refused everything ambiguous. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Lower-case names; the edge has refused duplicates that matter. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whom the connection comes from; a proxy in between, if there is one. */
  readonly address: string;
  /** Not read before authentication. */
  readonly body: Readable;
  readonly hasBody: boolean;
  /** Null for chunked bodies. */
  readonly contentLength: number | null;
  readonly sink: Sink;
  /** From now on its answer, whatever it will be, says what is left of these limits. */
  label(limits: readonly LimitSubject[]): void;
  /** Aborted with a reason: `client_gone`, one of ours, or `draining` when the server gives up waiting. */
  readonly signal: AbortSignal;
  /** The pool's total time is over, or the virtual key may not be used any more. */
  abort(reason: 'deadline' | 'key_revoked'): void;
  readonly startedAtMs: number;
  /** Monotonic twin of `startedAtMs`. */
  readonly startedMs: number;
}

/** Where the answer goes. */
export interface Sink {
  readonly isStarted: boolean;
  head(status: number, headers: Record<string, string>): void;
  /** False when the client reads slower than we write: wait for `onDrain`. */
  write(bytes: Buffer): boolean;
  onDrain(run: () => void): void;
  end(bytes?: Buffer): void;
  /** Closes the connection, so that a client sees that a body with a known length is short. */
  destroy(): void;
}
