/** What an answer says of the credential that was used for it. */
export type Effect =
  | { kind: 'none' }
  /** It served, which changes nothing: what was learned meanwhile from other calls stands. */
  | { kind: 'served' }
  /** 429: leave it alone for a while, for this model. */
  | { kind: 'cooling'; ms: number | null }
  /** 401 or 403: perhaps at fault, set aside until it is tried again. */
  | { kind: 'suspect' }
  /** 402 or no quota left: set aside until a balance check shows money. */
  | { kind: 'exhausted' }
  /** The origin is unwell, which is nobody's credential's fault. */
  | { kind: 'origin' };

export type HealthState = 'active' | 'cooling' | 'suspect' | 'exhausted';

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
const SUSPECT_MS = 30_000;
const EXHAUSTED_MS = 300_000;

/**
 * One credential's health, in memory. Times are wall-clock milliseconds. Cooling belongs to a
 * model, the other states to the whole credential.
 */
export class Health {
  readonly #coolingUntil = new Map<string, number>();
  #asideUntilMs = 0;
  #aside: 'suspect' | 'exhausted' = 'suspect';

  /** 0 when the credential may serve `model` now, else when it may again. */
  blockedUntil(model: string, nowMs: number): number {
    if (this.#asideUntilMs > nowMs) return this.#asideUntilMs;
    if (this.#coolingUntil.size === 0) return 0;
    const until = this.#coolingUntil.get(model) ?? 0;
    if (until > nowMs) return until;
    this.#coolingUntil.delete(model);
    return 0;
  }

  stateFor(model: string, nowMs: number): HealthState {
    if (this.#asideUntilMs > nowMs) return this.#aside;
    return this.blockedUntil(model, nowMs) > 0 ? 'cooling' : 'active';
  }

  /** The transition the effect caused, or null when it only confirmed what was known. */
  apply(effect: Effect, model: string, nowMs: number): Transition | null {
    switch (effect.kind) {
      case 'cooling':
        return this.#cool(effect.ms ?? COOLING_DEFAULT_MS, model, nowMs);
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

  #cool(wishedMs: number, model: string, nowMs: number): Transition | null {
    // Clients choose model names, so what is over must not pile up.
    for (const [name, until] of this.#coolingUntil) {
      if (until <= nowMs) this.#coolingUntil.delete(name);
    }
    const ms = Math.min(Math.max(wishedMs, COOLING_MIN_MS), COOLING_MAX_MS);
    const beforeMs = this.#coolingUntil.get(model);
    const untilMs = Math.max(nowMs + ms, beforeMs ?? 0);
    this.#coolingUntil.set(model, untilMs);
    return beforeMs === undefined ? { state: 'cooling', untilMs, model } : null;
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
