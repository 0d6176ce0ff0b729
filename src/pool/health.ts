import type { Exclusion } from '../entities/call-record.ts';
import type { HealthPolicy } from '../entities/pool-policy.ts';
import { backoffMs } from '../lib/backoff.ts';
import { OF_MODEL, WHOLE, isAnotherExhausted, keyOf, keysFor, longestOf } from './block.ts';
import type { Block, BlockState, JournalBan } from './block.ts';
import type { Effect, EffectFacts } from './effect.ts';
import { FailureCounts } from './failure-counts.ts';
import { NOTHING } from './outcome.ts';
import type { Outcome } from './outcome.ts';

const COOLING_FIRST_MS = 1000;
const COOLING_DOUBLED_MAX_MS = 60_000;
/** `Retry-After: 0` still means that this call found no room. */
const COOLING_MIN_MS = 100;
const COOLING_MAX_MS = 3_600_000;
const FORBIDDEN_MS = 30_000;
/** Longer than a probe takes: it ends sooner, by the probe's answer. */
const SUSPECT_MS = 30_000;
/** Clients can cause 401s: no more suspicions than this come of them, nor probes. */
const SUSPECT_INTERVAL_MS = 30_000;
const EXHAUSTED_FIRST_MS = 300_000;
const EXHAUSTED_MAX_MS = 3_600_000;
/** Clients choose model names: beyond so many blocks the oldest of a model that is no ban is forgotten. */
const BLOCKS_MAX = 2000;
/** Bans are never forgotten: beyond so many, counting imposes no more. */
const BANS_MAX = 1000;

/**
 * One credential's health, in memory: what sets it aside, wholly or for a model. A block whose time
 * is over stays until a call succeeds, so that the next one in a row can last longer.
 */
export class Health {
  readonly #blocks = new Map<string, Block>();
  /** By id. Several may be in force for the same; the one that lasts longest is the block. */
  readonly #bans = new Map<string, Block>();
  /** Blocks on trial, by key, with the claim of the call that is trying just now. */
  readonly #tried = new Map<string, readonly string[]>();
  readonly #counts = new FailureCounts();
  /** The model of the call that found no money. */
  #exhaustedBy = '';
  /** When a 401 last made the whole credential suspect. */
  #suspectedMs = Number.NEGATIVE_INFINITY;

  /** Whether nothing was ever held against it: the common case, for the hot path. */
  get isClear(): boolean {
    return this.#blocks.size === 0;
  }

  /** Why it cannot serve the model now; null when it can. */
  exclusion(model: string, nowMs: number): { reason: Exclusion; untilMs: number } | null {
    if (this.#blocks.size === 0) return null;
    for (const state of WHOLE) {
      const found = this.#inForce(keyOf(state, null), nowMs);
      if (found !== null) return found;
    }
    for (const state of OF_MODEL) {
      const found = this.#inForce(keyOf(state, model), nowMs);
      if (found !== null) return found;
    }
    return null;
  }

  /** Blocks in force, for listings. */
  blocks(nowMs: number): Block[] {
    return [...this.#blocks.values()].filter((block) => block.untilMs > nowMs);
  }

  /** Claims every trial that the call stands for; the keys go back to `endTrial`. */
  beginTrial(model: string, nowMs: number): string[] {
    if (this.#blocks.size === 0) return [];
    const keys = keysFor(model).filter((key) => {
      const block = this.#blocks.get(key);
      return block !== undefined && block.hasTrial && block.untilMs <= nowMs;
    });
    for (const key of keys) this.#tried.set(key, keys);
    return keys;
  }

  /** Gives back what `beginTrial` returned, but not what another call has claimed since. */
  endTrial(keys: readonly string[]): void {
    for (const key of keys) if (this.#tried.get(key) === keys) this.#tried.delete(key);
  }

  /** A call succeeded that began after these blocks' time: they are over. Returns them. */
  passed(model: string, startedAtMs: number): Block[] {
    if (this.#blocks.size === 0) return [];
    const over: Block[] = [];
    for (const key of keysFor(model)) {
      const block = this.#blocks.get(key);
      if (block === undefined || block.untilMs > startedAtMs) continue;
      this.#blocks.delete(key);
      if (block.hasTrial) over.push(block);
    }
    return over;
  }

  /** Takes in what an answer said. */
  apply(effect: Effect, facts: EffectFacts, policy: HealthPolicy, hasBalance: boolean): Outcome {
    if (effect.kind === 'none') return NOTHING;
    if (effect.kind === 'served') {
      this.#counts.reset(facts.model);
      return NOTHING;
    }
    // Calls that began before the ban: they say nothing new, and must not lead to another.
    if (this.#isInForce('banned', null, facts.nowMs)) return NOTHING;
    const outcome = this.#set(effect, facts, policy, hasBalance);
    const isBanned = this.#isInForce('banned', facts.model, facts.nowMs);
    if (isBanned || policy.counted === null || this.#bans.size >= BANS_MAX) return outcome;
    const sentence = this.#counts.note(
      facts,
      policy.counted,
      this.#strike('banned', facts.model),
      policy.banMaxMs,
    );
    return sentence === null ? outcome : { ...outcome, sentence };
  }

  /** Puts a ban of the journal in force. */
  ban(ban: JournalBan): void {
    const { id, model, strike, hasTrial } = ban;
    const untilMs = ban.untilMs ?? Infinity;
    const block: Block = { state: 'banned', model, untilMs, strike, hasTrial, banId: id };
    this.#bans.set(id, block);
    this.#put(longestOf(this.#bans.values(), model) ?? block);
    if (model === null) {
      this.#blocks.delete('suspect');
      // A refusal after the ban is asked about at once: it may have to be renewed.
      this.#suspectedMs = Number.NEGATIVE_INFINITY;
    } else this.#counts.reset(model);
  }

  /** Ends a ban; with `isOnTrial` one call alone must succeed first. */
  endBan(banId: string, nowMs: number, { isOnTrial }: { isOnTrial: boolean }): void {
    const ended = this.#bans.get(banId);
    if (ended === undefined) return;
    this.#bans.delete(banId);
    if (ended.model !== null) this.#counts.reset(ended.model);
    const key = keyOf('banned', ended.model);
    // A longer one holds on, or a success has ended it already.
    if (this.#blocks.get(key)?.banId !== banId) return;
    const other = longestOf(this.#bans.values(), ended.model);
    if (other !== null) this.#put(other);
    else if (isOnTrial) this.#put({ ...ended, untilMs: nowMs, hasTrial: true, banId: null });
    else this.#blocks.delete(key);
  }

  /** What a further ban of the whole credential would be in its row. */
  nextBanStrike(): number {
    return this.#strike('banned', null);
  }

  banIds(): string[] {
    return [...this.#bans.keys()];
  }

  /** The provider did not refuse it: what 401s said counts for the model alone. */
  clearSuspicion(): boolean {
    return this.#blocks.delete('suspect');
  }

  /**
   * A balance check has seen money. One that was made for the very call that found none proves that
   * this call asks too much: its model waits, lest the same is asked again at once.
   */
  refill(nowMs: number, { isOwnCheck }: { isOwnCheck: boolean }): boolean {
    const isRefilled = this.#blocks.delete('exhausted');
    if (isRefilled && isOwnCheck) {
      this.#until('forbidden', this.#exhaustedBy, nowMs + FORBIDDEN_MS, nowMs);
    }
    return isRefilled;
  }

  /** An operator knows better: all is forgotten but the bans in force, whose journal says when they end. */
  reset(): void {
    for (const [key, { banId }] of this.#blocks) if (banId === null) this.#blocks.delete(key);
    this.#tried.clear();
    this.#counts.clear();
    this.#exhaustedBy = '';
    this.#suspectedMs = Number.NEGATIVE_INFINITY;
  }

  #set(effect: Effect, facts: EffectFacts, policy: HealthPolicy, hasBalance: boolean): Outcome {
    const { model, nowMs } = facts;
    const asks = policy.unauthorized === 'probe';
    switch (effect.kind) {
      case 'cooling':
        return this.#cool(effect.ms, facts, policy);
      case 'forbidden': {
        if (!asks) return NOTHING;
        const block = this.#until('forbidden', model, nowMs + FORBIDDEN_MS, nowMs);
        return { ...NOTHING, block, wantsProbe: facts.status === 403 };
      }
      case 'unauthorized':
        return asks ? this.#suspect(facts) : NOTHING;
      case 'exhausted':
        return hasBalance ? this.#exhaust(facts) : this.#exhaustModel(facts);
      case 'origin':
        return effect.ms === null
          ? NOTHING
          : this.#cool(effect.ms, facts, { ...policy, rateLimited: { scope: 'model', ms: null } });
      default:
        return NOTHING;
    }
  }

  #cool(
    told: number | null,
    { model, nowMs }: EffectFacts,
    { rateLimited }: HealthPolicy,
  ): Outcome {
    const scope = rateLimited.scope === 'credential' ? null : model;
    const strike = this.#strikeAt('cooling', scope, nowMs);
    const grown = backoffMs(COOLING_FIRST_MS, strike, COOLING_DOUBLED_MAX_MS);
    const wishedMs = rateLimited.ms ?? told ?? grown;
    const ms = Math.min(Math.max(wishedMs, COOLING_MIN_MS), COOLING_MAX_MS);
    return { ...NOTHING, block: this.#until('cooling', scope, nowMs + ms, nowMs) };
  }

  /** The model in any case; the whole credential until the probe has answered, once in a while. */
  #suspect({ model, nowMs }: EffectFacts): Outcome {
    const forbidden = this.#until('forbidden', model, nowMs + FORBIDDEN_MS, nowMs);
    const sinceMs = nowMs - this.#suspectedMs;
    // Negative: the wall clock was set back.
    if (sinceMs >= 0 && sinceMs < SUSPECT_INTERVAL_MS) return { ...NOTHING, block: forbidden };
    this.#suspectedMs = nowMs;
    const block = this.#until('suspect', null, nowMs + SUSPECT_MS, nowMs);
    return { ...NOTHING, block, wantsProbe: true };
  }

  /** There is a balance to ask for: until it shows money. */
  #exhaust({ model, nowMs }: EffectFacts): Outcome {
    this.#exhaustedBy = model;
    const block = this.#until('exhausted', null, Infinity, nowMs);
    return { ...NOTHING, block, wantsBalance: true };
  }

  /**
   * There is none: until one call succeeds. A call may be too dear where others are not, so that the
   * whole credential waits only once two models have found no money.
   */
  #exhaustModel({ model, nowMs }: EffectFacts): Outcome {
    const isWhole = isAnotherExhausted(this.#blocks.values(), model, nowMs);
    const endMs = (scope: string | null) =>
      nowMs +
      backoffMs(EXHAUSTED_FIRST_MS, this.#strikeAt('exhausted', scope, nowMs), EXHAUSTED_MAX_MS);
    const ofModel = this.#until('exhausted', model, endMs(model), nowMs);
    const block = isWhole ? this.#until('exhausted', null, endMs(null), nowMs) : ofModel;
    return { ...NOTHING, block };
  }

  /** The later end wins. The block, unless it only confirms one in force. */
  #until(state: BlockState, model: string | null, untilMs: number, nowMs: number): Block | null {
    const before = this.#blocks.get(keyOf(state, model));
    const isInForce = before !== undefined && before.untilMs > nowMs;
    if (isInForce && before.untilMs >= untilMs) return null;
    const strike = this.#strikeAt(state, model, nowMs);
    const block = { state, model, untilMs, strike, hasTrial: state === 'exhausted', banId: null };
    this.#put(block);
    return isInForce ? null : block;
  }

  #strike(state: BlockState, model: string | null): number {
    return (this.#blocks.get(keyOf(state, model))?.strike ?? 0) + 1;
  }

  /** Calls that began together fail together: what confirms a block in force is no further strike. */
  #strikeAt(state: BlockState, model: string | null, nowMs: number): number {
    const next = this.#strike(state, model);
    return this.#isInForce(state, model, nowMs) ? next - 1 : next;
  }

  #put(block: Block): void {
    const key = keyOf(block.state, block.model);
    if (this.#blocks.size >= BLOCKS_MAX && !this.#blocks.has(key)) this.#forgetOldest();
    this.#blocks.set(key, block);
    this.#tried.delete(key);
  }

  #forgetOldest(): void {
    for (const [key, { model, banId }] of this.#blocks) {
      if (model === null || banId !== null) continue;
      this.#blocks.delete(key);
      return;
    }
  }

  #isInForce(state: BlockState, model: string | null, nowMs: number): boolean {
    return (this.#blocks.get(keyOf(state, model))?.untilMs ?? 0) > nowMs;
  }

  #inForce(key: string, nowMs: number): { reason: Exclusion; untilMs: number } | null {
    const block = this.#blocks.get(key);
    if (block === undefined) return null;
    if (block.untilMs > nowMs) return { reason: block.state, untilMs: block.untilMs };
    return block.hasTrial && this.#tried.has(key) ? { reason: 'on_trial', untilMs: nowMs } : null;
  }
}
