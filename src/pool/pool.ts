import type { Exclusion } from '../entities/call-record.ts';
import type { PoolPolicy } from '../entities/pool-policy.ts';
import type { Block } from './block.ts';
import type { Effect, EffectFacts } from './effect.ts';
import type { Sentence } from './failure-counts.ts';
import { Lease } from './lease.ts';
import type { Need } from './lease.ts';
import type { Member } from './member.ts';
import { ModelLimits } from './model-limits.ts';
import { ModelMap } from './model-map.ts';
import type { Served } from './served.ts';
import type { UpstreamKind } from './upstream-kind.ts';
import { isUnlimited } from './upstream-limits.ts';

/** Told of what changes in the health of members and origins, with what caused it. */
export interface HealthListener {
  blocked(member: Member, block: Block, facts: EffectFacts): void;
  recovered(member: Member, blocks: readonly Block[], facts: EffectFacts): void;
  sentenced(member: Member, sentence: Sentence, facts: EffectFacts): void;
  /** Until null: it is well again. */
  ejected(member: Member, untilMs: number | null, facts: EffectFacts): void;
  /** By our own count its balance is at the minimum. */
  spent(member: Member): void;
  wantsProbe(member: Member, facts: EffectFacts): void;
  wantsBalance(member: Member): void;
}

/** Who cannot serve now, why, and until when where that is known (wall clock). */
export interface Excluded {
  member: Member;
  reason: Exclusion;
  untilMs: number;
}

export interface Candidates {
  usable: Member[];
  excluded: Excluded[];
  /** Ejections are not obeyed: too few origins would be left. */
  isPanic: boolean;
}

/** A model as one provider sells it. */
export interface Offer {
  kind: UpstreamKind;
  upstream: string;
}

export interface PoolFacts {
  id: string;
  name: string;
  strategy: string;
  policy: PoolPolicy;
  selectedCredentialId: string | null;
}

/** Beyond this share of a model's origins no more are left out: the others could not bear the load. */
const EJECTED_SHARE_MAX = 0.5;

/** A pool's in-memory read model. Rebuilt from its rows when they change; see `directory.ts`. */
export class Pool {
  readonly id: string;
  readonly name: string;
  readonly strategy: string;
  readonly policy: PoolPolicy;
  readonly minCreditNano: bigint;
  /** In order of creation. */
  readonly members: readonly Member[];
  /** The strategy's memory between calls. */
  readonly turn: { cursor: number; selectedId: string | null };
  readonly modelLimits: ModelLimits;
  readonly #listener: HealthListener;
  #models: ModelMap;
  readonly #ofOthers = new Map<UpstreamKind, ModelMap>();
  readonly #offers = new WeakMap<ReadonlyMap<string, Served>, readonly Offer[]>();

  constructor(
    facts: PoolFacts,
    members: readonly Member[],
    listener: HealthListener,
    before?: Pool,
  ) {
    this.id = facts.id;
    this.name = facts.name;
    this.strategy = facts.strategy;
    this.policy = facts.policy;
    this.minCreditNano = BigInt(facts.policy.minCreditNano);
    this.members = members;
    this.turn = before?.turn ?? { cursor: 0, selectedId: facts.selectedCredentialId };
    this.#listener = listener;
    this.modelLimits = before?.modelLimits ?? new ModelLimits();
    this.#models = this.#modelMap();
  }

  /** Which member serves which model, as far as is known. */
  get models(): ModelMap {
    return this.#models;
  }

  /** A provider has told its models anew. */
  remapModels(): void {
    this.#models = this.#modelMap();
    this.#ofOthers.clear();
  }

  /** What a credential of the provider that is not the pool's would serve here, under the id `caller`. */
  servedByOthers(kind: UpstreamKind): ModelMap {
    const known = this.#ofOthers.get(kind);
    if (known !== undefined) return known;
    const lists = this.members.flatMap(({ kind: own, discovered }) =>
      own === kind && discovered !== null ? [...discovered.keys()] : [],
    );
    const discovered = lists.length === 0 ? null : new Set(lists);
    const stranger = {
      id: 'caller',
      name: 'caller',
      providerId: kind.id,
      models: null,
      discovered,
    };
    const made = new ModelMap(this.policy.models, [stranger]);
    this.#ofOthers.set(kind, made);
    return made;
  }

  /** The distinct providers and upstream names among those that serve a model, for its price. */
  offers(served: ReadonlyMap<string, Served>): readonly Offer[] {
    const known = this.#offers.get(served);
    if (known !== undefined) return known;
    const offers: Offer[] = [];
    for (const { id, kind } of this.members) {
      const upstream = served.get(id)?.upstream;
      if (upstream === undefined) continue;
      if (!offers.some((offer) => offer.kind === kind && offer.upstream === upstream)) {
        offers.push({ kind, upstream });
      }
    }
    this.#offers.set(served, offers);
    return offers;
  }

  member(credentialId: string): Member | undefined {
    return this.members.find((member) => member.id === credentialId);
  }

  /** Whether it could serve anything at all now. */
  isUsable({ health, kind, balanceNano }: Member, nowMs: number): boolean {
    const hasMoney = kind.balance === undefined || (balanceNano ?? 0n) > this.minCreditNano;
    return hasMoney && !health.blocks(nowMs).some(({ model }) => model === null);
  }

  /** Who of those that serve a model can do so now, and why the others cannot. Changes nothing. */
  candidates(
    served: ReadonlyMap<string, Served>,
    call: { tokens: number; nowMs: number; monotonicMs: number },
  ): Candidates {
    const usable: Member[] = [];
    const excluded: Excluded[] = [];
    let ejected: Excluded[] | undefined;
    for (const member of this.members) {
      const how = served.get(member.id);
      if (how === undefined) {
        excluded.push({ member, reason: 'no_model', untilMs: Infinity });
        continue;
      }
      const out = this.#exclusion(member, { ...call, served: how });
      if (out !== null) {
        excluded.push({ member, ...out });
        continue;
      }
      const unwell = member.originHealth.exclusion(how.upstream, call.nowMs);
      if (unwell === null) usable.push(member);
      else (ejected ??= []).push({ member, ...unwell });
    }
    if (ejected === undefined) return { usable, excluded, isPanic: false };
    if (!isTooMuch(usable, ejected)) {
      return { usable, excluded: [...excluded, ...ejected], isPanic: false };
    }
    const all = new Set([...usable, ...ejected.map(({ member }) => member)]);
    // In the order of the pool, on which strategies rely.
    return { usable: this.members.filter((member) => all.has(member)), excluded, isPanic: true };
  }

  /**
   * Takes a member for one attempt, if it can still serve: what was known when the candidates were
   * chosen may be old. A step without an await, so that no slot is given twice.
   */
  take(member: Member, need: Need, isPanic: boolean): Lease | Excluded {
    const out =
      this.#exclusion(member, need) ??
      (isPanic ? null : member.originHealth.exclusion(need.served.upstream, need.nowMs));
    return out === null ? new Lease(member, need) : { member, ...out };
  }

  /**
   * What a call cost its credential. One that sinks to the minimum is left out from now on; the next
   * balance check may show otherwise.
   */
  debit(credentialId: string, costNano: bigint): void {
    const member = this.member(credentialId);
    if (member === undefined || member.balanceNano === null) return;
    const wasAbove = member.balanceNano > this.minCreditNano;
    member.debit(costNano);
    if (wasAbove && member.balanceNano <= this.minCreditNano) this.#listener.spent(member);
  }

  /** An answer has begun: what was on trial has passed. */
  passed(member: Member, facts: EffectFacts): void {
    const { model, startedAtMs } = facts;
    const over = member.health.passed(model, startedAtMs);
    if (over.length > 0) this.#listener.recovered(member, over, facts);
    if (member.originHealth.passed(model, startedAtMs)) this.#listener.ejected(member, null, facts);
  }

  /** Notes what an answer said of the member that gave it, and of its origin. */
  report(member: Member, effect: Effect, facts: EffectFacts): void {
    if (effect.kind === 'none') return;
    if (effect.kind === 'served') member.originHealth.served(facts.model);
    else member.failures.note(facts);
    if (effect.kind === 'origin') {
      const untilMs = member.originHealth.failed(
        facts,
        effect.isWhole,
        this.policy.health.ejection,
      );
      if (untilMs !== null) this.#listener.ejected(member, untilMs, facts);
    }
    const hasBalance = member.kind.balance !== undefined;
    const outcome = member.health.apply(effect, facts, this.policy.health, hasBalance);
    if (outcome.block !== null) this.#listener.blocked(member, outcome.block, facts);
    if (outcome.sentence !== null) this.#listener.sentenced(member, outcome.sentence, facts);
    if (outcome.wantsProbe) this.#listener.wantsProbe(member, facts);
    if (outcome.wantsBalance) this.#listener.wantsBalance(member);
  }

  #exclusion(
    member: Member,
    { served, tokens, nowMs, monotonicMs }: Need,
  ): { reason: Exclusion; untilMs: number } | null {
    if (!member.health.isClear) {
      const blocked = member.health.exclusion(served.upstream, nowMs);
      if (blocked !== null) return blocked;
    }
    const balanceNano = member.kind.balance === undefined ? null : member.balanceNano;
    if (balanceNano !== null && balanceNano <= this.minCreditNano) {
      return { reason: 'exhausted', untilMs: Infinity };
    }
    if (isUnlimited(member.limits)) return null;
    const waitMs = member.usage.waitMs(member.limits, tokens, monotonicMs);
    return waitMs === 0 ? null : { reason: 'limited', untilMs: nowMs + waitMs };
  }

  #modelMap(): ModelMap {
    return new ModelMap(
      this.policy.models,
      this.members.map(({ id, name, kind, models, discovered }) => ({
        id,
        name,
        providerId: kind.id,
        models,
        discovered: discovered === null ? null : new Set(discovered.keys()),
      })),
    );
  }
}

function isTooMuch(usable: readonly Member[], ejected: readonly Excluded[]): boolean {
  if (usable.length === 0) return true;
  const out = new Set(ejected.map(({ member }) => member.originHealth));
  const all = new Set([...out, ...usable.map((member) => member.originHealth)]);
  return out.size > all.size * EJECTED_SHARE_MAX;
}
