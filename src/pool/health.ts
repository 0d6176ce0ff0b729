/** What an answer says of the credential that was used for it. */
export type Effect =
  | { kind: 'none' }
  /** It served: whatever was held against it is over. */
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

  /** The transition the effect caused, or null when nothing changed. */
  apply(effect: Effect, model: string, nowMs: number): Transition | null {
    switch (effect.kind) {
      case 'cooling': {
        const ms = Math.min(effect.ms ?? COOLING_DEFAULT_MS, COOLING_MAX_MS);
        const untilMs = Math.max(nowMs + ms, this.#coolingUntil.get(model) ?? 0);
        this.#coolingUntil.set(model, untilMs);
        return { state: 'cooling', untilMs, model };
      }
      case 'suspect':
        return this.#setAside('suspect', nowMs + SUSPECT_MS);
      case 'exhausted':
        return this.#setAside('exhausted', nowMs + EXHAUSTED_MS);
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

  #setAside(state: 'suspect' | 'exhausted', untilMs: number): Transition {
    this.#aside = state;
    this.#asideUntilMs = Math.max(untilMs, this.#asideUntilMs);
    return { state, untilMs: this.#asideUntilMs, model: null };
  }
}
