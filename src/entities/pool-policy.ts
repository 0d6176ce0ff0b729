/** How a pool treats failures, time and unknown prices. Durations are milliseconds. */
export interface PoolPolicy {
  /** Upstream calls at most for one client call, the first included. */
  attemptsMax: number;
  /** Unknown `/v1` paths go upstream (recorded as unpriced) instead of 404. */
  passthrough: boolean;
  /** A model without a price: refuse the call, or serve it and record it as unpriced. */
  unpriced: 'refuse' | 'record';
  /** `balance_weighted`: a credential at or below this balance is not chosen (nano-USD, decimal text). */
  minCreditNano: string;
  timeouts: Timeouts;
}

export interface Timeouts {
  connectMs: number;
  /** Request sent to first byte of the answer. */
  firstByteMs: number;
  /** Between two pieces of the answer. */
  idleMs: number;
  /** The whole call, every attempt included. */
  totalMs: number;
}
