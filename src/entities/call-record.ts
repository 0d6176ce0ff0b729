import type { Usage, UsageSource } from './usage.ts';

/**
 * What became of an accepted request.
 * settled: complete · partial: ended early, what was produced is charged · voided: nothing was
 * produced, nothing is charged · unknown: the process died, or the service that reserved money for it
 * said nothing; charged at the hold.
 */
export type Outcome = 'settled' | 'partial' | 'voided' | 'unknown';

/** Why a credential could not be asked. */
export type Exclusion =
  | 'banned'
  | 'exhausted'
  | 'suspect'
  | 'cooling'
  | 'forbidden'
  | 'ejected'
  /** Something that may be well again is tried by another call just now. */
  | 'on_trial'
  /** Its own requests or tokens of this minute are used up, or the pool's for the model. */
  | 'limited'
  /** Its balance is not known yet, which the pool's strategy goes by. */
  | 'unknown_balance'
  /** It does not serve the model. */
  | 'no_model';

/** Why a call went where it went. */
export interface RouteNote {
  strategy: string;
  /** Credentials in the order they were to be tried. */
  order: string[];
  /** Who could not be asked, then or when their turn came. */
  excluded: { credential: string; reason: Exclusion; untilMs?: number }[];
  /** What chance said, each in [0, 1). */
  draws?: number[];
  /** Too few origins were well, so that those ejected were asked too. */
  isPanic?: true;
}

/** What was odd about an answer that was delivered all the same. */
export type Anomaly =
  /** The usage it told cannot be believed: an estimate was charged in its place. */
  | 'usage_rejected'
  /** The usage it told is far below what its text implies; charged as told. */
  | 'usage_low'
  /** It cost more than the most it could, by what its provider documents; charged as told. */
  | 'overrun'
  /** It goes on after the call, and nobody tells what it will cost: charged at its hold. */
  | 'unfinished'
  | 'no_finish_reason'
  /** An event of its stream was no JSON. */
  | 'malformed_event'
  /** It says that another model gave it. */
  | 'other_model'
  /** The list that should hold the answer is missing or empty. */
  | 'wrong_shape';

/** One upstream call, for the record and for "why did this go there?". */
export interface AttemptNote {
  /** Id of a credential, or `caller` for one that the client brought. */
  credential: string;
  /** Upstream status, or 0 when no head arrived. */
  status: number;
  /** Row of the verdict table that judged it. */
  verdict: string;
  ms: number;
  /** Name sent upstream, where it is not the one asked for. */
  model?: string;
  anomalies?: readonly Anomaly[];
}

/** Money set aside for a call before it goes upstream. */
export interface HoldDraft {
  id: string;
  keyId: string;
  poolId: string;
  /** Owner and team of the key; empty when it has none. */
  userId: string;
  teamId: string;
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
  /** Owner and team of the key; empty when it has none. */
  userId: string;
  teamId: string;
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
  /** Null for calls that were never routed. */
  route: RouteNote | null;
  usage: Usage;
  usageSource: UsageSource;
  costNano: bigint;
  priceId: string;
  isPriced: boolean;
  holdNano: bigint;
}
