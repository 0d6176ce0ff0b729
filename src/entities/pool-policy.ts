/** How a pool treats models, failures, time and unknown prices. Durations are milliseconds. */
export interface PoolPolicy {
  /** Upstream calls at most for one client call, the first included. */
  attemptsMax: number;
  /** Unknown `/v1` paths go upstream (recorded as unpriced) instead of 404. */
  passthrough: boolean;
  /** A model without a price: refuse the call, or serve it and record it as unpriced. */
  unpriced: 'refuse' | 'record';
  /** A credential whose balance is known and at or below this is not chosen (nano-USD, decimal text). */
  minCreditNano: string;
  timeouts: Timeouts;
  /** The most specific rule that matches a model's name applies. */
  models: ModelRule[];
  /** Ask each credential's provider for the models it serves. */
  discoversModels: boolean;
  health: HealthPolicy;
  /** Callers may bring a provider credential of their own (`X-Google-API-Key` and the like). */
  callerCredentials: boolean;
  /** A comment is sent into a stream that was silent for so long; null: never. */
  heartbeatMs: number | null;
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

/** What a pool does with the models of a name. */
export interface ModelRule {
  /** As clients say it. One `*` stands for any text; such a name is matched in any case. */
  name: string;
  /** As the upstream is told; a `*` is what the name's stood for. Null: as asked. */
  upstream: string | null;
  /** Top-level fields set in the body of a renamed call. */
  set: Record<string, unknown> | null;
  /** Served only by credentials of these names; null: by all. */
  credentials: string[] | null;
  /** Served only by credentials of this provider; null: of any. */
  provider: string | null;
  /** `GET /v1/models` shows what a wildcard rule matches under the rule's name, not the upstream's. */
  isListed: boolean;
  /** Of each upstream model in the whole pool, in any 60 s; null: no limit. */
  rpm: number | null;
  tpm: number | null;
}

/** When credentials are set aside, and for how long. */
export interface HealthPolicy {
  /**
   * 401 and 403 say that a credential may be at fault. `probe`: ask its provider ourselves, and ban
   * it if that is refused too. `ignore`: only go elsewhere with this call.
   */
  unauthorized: 'probe' | 'ignore';
  /** A confirmed ban: the first, then doubled up to the maximum. */
  banMs: number;
  banMaxMs: number;
  /** 429: what is set aside, and for how long; null: as told, or 1 s doubling up to 60 s. */
  rateLimited: { scope: 'model' | 'credential'; ms: number | null };
  /** Bans of (credential, model) by counting; null: none. */
  counted: CountedBans | null;
  ejection: Ejection;
}

/** Counted bans: so many failures with a listed status set a credential aside for one model. */
export interface CountedBans {
  rules: CountedBanRule[];
  /** Older failures do not count; null: they count until the next success. */
  windowMs: number | null;
  /** Each further ban lasts twice as long, up to `banMaxMs`, and ends with one trial call. */
  isEscalating: boolean;
}

export interface CountedBanRule {
  /** Statuses counted together; a connection that failed counts as 502. */
  statuses: number[];
  failuresMax: number;
  /** Null: until somebody lifts it. */
  banMs: number | null;
}

/** An origin that fails so often in a row is left alone; never a pool's last one. */
export interface Ejection {
  failures: number;
  /** The first time; doubled with each further one up to the maximum. */
  ms: number;
  maxMs: number;
}
