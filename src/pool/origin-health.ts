import type { Exclusion } from '../entities/call-record.ts';
import type { Ejection } from '../entities/pool-policy.ts';
import type { Random } from '../lib/random.ts';
import type { EffectFacts } from './effect.ts';

interface State {
  failures: number;
  untilMs: number;
  /** Ejections in a row; 0 is healthy. */
  strike: number;
  /** The claim of the call that tries it just now. */
  triedBy: readonly Scope[] | null;
}

/** A model; calls that are for none have the empty one. Null stands for all of them. */
export type Scope = string | null;

/** An ejection, also one whose time is over while no call has succeeded since. */
export interface Ejected {
  /** Null: every model. */
  readonly model: Scope;
  /** Wall clock; one that is past: one call at a time is let through to try. */
  readonly untilMs: number;
  /** 1 for the first in a row. */
  readonly strike: number;
}

/** Connections that cannot be made concern every model. */
const WHOLE = null;
const MODELS_MAX = 1000;

/**
 * How well an origin is, as a whole and for each model. Failures in a row eject it for a while, then
 * one call at a time tries it. Whether an ejection is obeyed is for each pool to say: its last
 * origin is never left out.
 */
export class OriginHealth {
  readonly origin: string;
  readonly #states = new Map<Scope, State>();
  readonly #random: Random;

  constructor(origin: string, random: Random) {
    this.origin = origin;
    this.#random = random;
  }

  exclusion(model: string, nowMs: number): { reason: Exclusion; untilMs: number } | null {
    if (this.#states.size === 0) return null;
    return this.#of(WHOLE, nowMs) ?? this.#of(model, nowMs);
  }

  /** What it is ejected for, the whole origin first. */
  ejections(): Ejected[] {
    const all = [...this.#states].flatMap(([model, { untilMs, strike }]) =>
      strike === 0 ? [] : [{ model, untilMs, strike }],
    );
    return [
      ...all.filter(({ model }) => model === WHOLE),
      ...all.filter(({ model }) => model !== WHOLE),
    ];
  }

  /** Claims the trials that the call stands for; they go back to `endTrial`. */
  beginTrial(model: string, nowMs: number): Scope[] {
    if (this.#states.size === 0) return [];
    const claim: Scope[] = [];
    for (const key of [WHOLE, model]) {
      const state = this.#states.get(key);
      if (state === undefined || state.strike === 0 || state.untilMs > nowMs) continue;
      // Where ejections are not obeyed, another call may be trying it already.
      if (state.triedBy !== null) continue;
      state.triedBy = claim;
      claim.push(key);
    }
    return claim;
  }

  /** Gives back what `beginTrial` returned, but not what another call has claimed since. */
  endTrial(claim: readonly Scope[]): void {
    for (const key of claim) {
      const state = this.#states.get(key);
      if (state?.triedBy === claim) state.triedBy = null;
    }
  }

  /** An answer has begun: what was ejected before the call began is well again. True if that is news. */
  passed(model: string, startedAtMs: number): boolean {
    let isNews = false;
    for (const key of [WHOLE, model]) {
      const state = this.#states.get(key);
      if (state === undefined || state.strike === 0 || state.untilMs > startedAtMs) continue;
      this.#states.delete(key);
      isNews = true;
    }
    return isNews;
  }

  /** A call was served to its end: failures are not in a row any more. */
  served(model: string): void {
    if (this.#states.size === 0) return;
    for (const key of [WHOLE, model]) {
      const state = this.#states.get(key);
      if (state !== undefined) state.failures = 0;
    }
  }

  /** Until when the origin is ejected for this; null when it is not, or was already. */
  failed(facts: EffectFacts, isWhole: boolean, policy: Ejection): number | null {
    const { nowMs, startedAtMs } = facts;
    const state = this.#state(isWhole ? WHOLE : facts.model);
    // Calls that began before the ejection say nothing new.
    if (state.untilMs > startedAtMs) return null;
    state.failures += 1;
    if (state.strike === 0 && state.failures < policy.failures) return null;
    const ms = Math.min(policy.ms * 2 ** state.strike, policy.maxMs);
    // Jitter, so that many gateways do not all come back at once.
    state.untilMs = nowMs + ms * (0.9 + 0.2 * this.#random());
    state.strike += 1;
    state.failures = 0;
    state.triedBy = null;
    return state.untilMs;
  }

  #of(key: Scope, nowMs: number): { reason: Exclusion; untilMs: number } | null {
    const state = this.#states.get(key);
    if (state === undefined || state.strike === 0) return null;
    if (state.untilMs > nowMs) return { reason: 'ejected', untilMs: state.untilMs };
    return state.triedBy !== null ? { reason: 'on_trial', untilMs: nowMs } : null;
  }

  #state(key: Scope): State {
    const found = this.#states.get(key);
    if (found !== undefined) return found;
    if (this.#states.size >= MODELS_MAX) this.#forgetOldest();
    const made = { failures: 0, untilMs: 0, strike: 0, triedBy: null };
    this.#states.set(key, made);
    return made;
  }

  #forgetOldest(): void {
    for (const key of this.#states.keys()) {
      if (key === WHOLE) continue;
      this.#states.delete(key);
      return;
    }
  }
}
