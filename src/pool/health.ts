/** What an answer says of the credential that was used for it. */
export type Effect =
  | { kind: 'none' }
  /** It served, which changes nothing: what was learned meanwhile from other calls stands. */
  | { kind: 'served' }
  /** 429: leave it alone for a while, for this model. */
  | { kind: 'cooling'; ms: number | null }
  /** 403: it may not do this, which says nothing of other models. */
  | { kind: 'forbidden' }
  /** 401: perhaps at fault, set aside until it is tried again. */
  | { kind: 'suspect' }
  /** 402 or no quota left: set aside until a balance check shows money. */
  | { kind: 'exhausted' }
  /** The origin is unwell, which is nobody's credential's fault. */
  | { kind: 'origin' };

export type HealthState = 'active' | 'cooling' | 'forbidden' | 'suspect' | 'exhausted';

/** A transition worth an event. */
export interface Transition {
  state: HealthState;
  untilMs: number;
  model: string | null;
}

const COOLING_DEFAULT_MS = 1000;
/** `Retry-After: 0` still means that this call found no room. */
const COOLING_MIN_MS = 100;
const COOLING_MAX_MS = 3_600_000;
const FORBIDDEN_MS = 30_000;
const SUSPECT_MS = 30_000;
/** Clients choose model names: beyond so many the one that waits longest is forgotten. */
const MODELS_MAX = 1000;
const EXHAUSTED_MS = 300_000;

/**
 * One credential's health, in memory. Times are wall-clock milliseconds. Cooling and forbidden
 * belong to a model, the other states to the whole credential.
 */
export class Health {
  readonly #models = new Map<string, { state: 'cooling' | 'forbidden'; untilMs: number }>();
  #asideUntilMs = 0;
  #aside: 'suspect' | 'exhausted' = 'suspect';

  /** 0 when the credential may serve `model` now, else when it may again. */
  blockedUntil(model: string, nowMs: number): number {
    if (this.#asideUntilMs > nowMs) return this.#asideUntilMs;
    if (this.#models.size === 0) return 0;
    const untilMs = this.#models.get(model)?.untilMs ?? 0;
    if (untilMs > nowMs) return untilMs;
    this.#models.delete(model);
    return 0;
  }

  stateFor(model: string, nowMs: number): HealthState {
    if (this.#asideUntilMs > nowMs) return this.#aside;
    if (this.blockedUntil(model, nowMs) === 0) return 'active';
    return this.#models.get(model)?.state ?? 'active';
  }

  /** The transition the effect caused, or null when it only confirmed what was known. */
  apply(effect: Effect, model: string, nowMs: number): Transition | null {
    switch (effect.kind) {
      case 'cooling':
        return this.#block('cooling', effect.ms ?? COOLING_DEFAULT_MS, model, nowMs);
      case 'forbidden':
        return this.#block('forbidden', FORBIDDEN_MS, model, nowMs);
      case 'suspect':
        return this.#setAside('suspect', nowMs, SUSPECT_MS);
      case 'exhausted':
        return this.#setAside('exhausted', nowMs, EXHAUSTED_MS);
      default:
        return null;
    }
  }

  /** A balance check has seen money. */
  refill(nowMs: number): Transition | null {
    if (this.#aside !== 'exhausted' || this.#asideUntilMs <= nowMs) return null;
    this.#asideUntilMs = 0;
    return { state: 'active', untilMs: nowMs, model: null };
  }

  #block(
    state: 'cooling' | 'forbidden',
    wishedMs: number,
    model: string,
    nowMs: number,
  ): Transition | null {
    const [oldest] = this.#models.keys();
    if (this.#models.size >= MODELS_MAX && oldest !== undefined) this.#models.delete(oldest);
    const ms = Math.min(Math.max(wishedMs, COOLING_MIN_MS), COOLING_MAX_MS);
    const beforeMs = this.#models.get(model)?.untilMs ?? 0;
    const untilMs = Math.max(nowMs + ms, beforeMs);
    this.#models.set(model, { state, untilMs });
    return beforeMs <= nowMs ? { state, untilMs, model } : null;
  }

  /** The later end wins, with its reason: a 401 must not hide that a balance check could help. */
  #setAside(state: 'suspect' | 'exhausted', nowMs: number, ms: number): Transition | null {
    const wasAside = this.#asideUntilMs > nowMs;
    if (nowMs + ms <= this.#asideUntilMs) return null;
    this.#asideUntilMs = nowMs + ms;
    if (wasAside && this.#aside === state) return null;
    this.#aside = state;
    return { state, untilMs: this.#asideUntilMs, model: null };
  }
}
