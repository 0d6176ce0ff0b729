import type { Usage, UsageSource } from './usage.ts';

/**
 * What became of an accepted request.
 * settled: complete · partial: ended early, what was produced is charged · voided: nothing was
 * produced, nothing is charged · unknown: the process died; charged at the hold.
 */
export type Outcome = 'settled' | 'partial' | 'voided' | 'unknown';

/** One upstream call, for the record and for "why did this go there?". */
export interface AttemptNote {
  credential: string;
  /** Upstream status, or 0 when no head arrived. */
  status: number;
  /** Row of the verdict table that judged it. */
  verdict: string;
  ms: number;
}

/** Money set aside for a call before it goes upstream. */
export interface HoldDraft {
  id: string;
  keyId: string;
  poolId: string;
  endpoint: string;
  model: string;
  amountNano: bigint;
  createdAtMs: number;
  expiresAtMs: number;
}

/** The settlement that replaces a hold; becomes one `usage_records` row. */
export interface CallRecord {
  id: string;
  keyId: string;
  poolId: string;
  credentialId: string;
  endpoint: string;
  model: string;
  isStream: boolean;
  startedAtMs: number;
  durationMs: number;
  firstByteMs: number | null;
  status: number;
  outcome: Outcome;
  reason: string;
  attempts: AttemptNote[];
  usage: Usage;
  usageSource: UsageSource;
  costNano: bigint;
  priceId: string;
  isPriced: boolean;
  holdNano: bigint;
}
