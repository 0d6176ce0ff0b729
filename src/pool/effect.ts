/** What an answer says of the credential, or the origin, that gave it. */
export type Effect =
  | { kind: 'none' }
  | { kind: 'served' }
  /** 429: leave it alone for a while; null: it did not say how long. */
  | { kind: 'cooling'; ms: number | null }
  /** 403, or 404 for a model it lacks: it may not do this, which says nothing of other models. */
  | { kind: 'forbidden' }
  /** 401: perhaps at fault. */
  | { kind: 'unauthorized' }
  /** 402 or no quota left. */
  | { kind: 'exhausted' }
  /** The origin is unwell, which is nobody's credential's fault; `ms` if it said for how long. */
  | { kind: 'origin'; isWhole: boolean; ms: number | null };

/** The call that an effect comes from; times are wall-clock milliseconds. */
export interface EffectFacts {
  /** As the upstream knows it. */
  model: string;
  /** 502 for a connection that failed. */
  status: number;
  verdict: string;
  requestId: string | null;
  /** When the attempt began: what was learned later is not undone by it. */
  startedAtMs: number;
  nowMs: number;
}

/** Effects that put the blame on the credential rather than on its origin. */
export const isCredentialFault = ({ kind }: Effect): boolean =>
  kind === 'cooling' || kind === 'forbidden' || kind === 'unauthorized' || kind === 'exhausted';
