import type { Secret } from '../lib/secret.ts';
import { Failures } from './failures.ts';
import { Health } from './health.ts';
import { Latencies } from './latencies.ts';
import type { OriginHealth } from './origin-health.ts';
import type { UpstreamKind } from './upstream-kind.ts';
import { UpstreamLimits } from './upstream-limits.ts';
import type { Limits } from './upstream-limits.ts';

export interface MemberFacts {
  id: string;
  name: string;
  poolName: string;
  kind: UpstreamKind;
  /** `https://host:port`. */
  origin: string;
  /** Path before `/v1`, usually empty. */
  prefix: string;
  secret: Secret;
  weight: number;
  priority: number;
  limits: Limits;
  /** Patterns of the models it serves; null: those its provider lists. */
  models: readonly string[] | null;
  originHealth: OriginHealth;
  balanceNano: bigint | null;
  balanceUsedNano: bigint | null;
  balanceCheckedAtMs: number | null;
}

/** What a provider tells of a model. */
export interface ModelFacts {
  id: string;
  /** Epoch seconds. */
  created: number;
  ownedBy: string;
}

/** A credential as the data plane sees it: what it is, what it has left, how it is doing. */
export class Member {
  readonly id: string;
  readonly name: string;
  readonly poolName: string;
  readonly kind: UpstreamKind;
  readonly origin: string;
  readonly prefix: string;
  readonly secret: Secret;
  readonly weight: number;
  readonly priority: number;
  readonly limits: Limits;
  readonly models: readonly string[] | null;
  readonly health: Health;
  readonly originHealth: OriginHealth;
  readonly usage: UpstreamLimits;
  readonly latencies: Latencies;
  readonly failures: Failures;
  /** By id, as its provider listed them; null while they are not known. */
  discovered: ReadonlyMap<string, ModelFacts> | null;
  balanceNano: bigint | null;
  balanceUsedNano: bigint | null;
  balanceCheckedAtMs: number | null;
  readonly #load: { calls: number };

  /**
   * `before` is the same credential's previous member: what was learned of it outlives a reload, unless
   * it is another account now.
   */
  constructor(facts: MemberFacts, previous?: Member) {
    const before = previous !== undefined && isSameAccount(previous, facts) ? previous : undefined;
    this.id = facts.id;
    this.name = facts.name;
    this.poolName = facts.poolName;
    this.kind = facts.kind;
    this.origin = facts.origin;
    this.prefix = facts.prefix;
    this.secret = facts.secret;
    this.weight = facts.weight;
    this.priority = facts.priority;
    this.limits = facts.limits;
    this.models = facts.models;
    this.originHealth = facts.originHealth;
    this.health = before?.health ?? new Health();
    this.usage = before?.usage ?? new UpstreamLimits();
    this.latencies = before?.latencies ?? new Latencies();
    this.failures = before?.failures ?? new Failures();
    this.discovered = before?.discovered ?? null;
    this.balanceNano = before?.balanceNano ?? facts.balanceNano;
    this.balanceUsedNano = before?.balanceUsedNano ?? facts.balanceUsedNano;
    this.balanceCheckedAtMs = before?.balanceCheckedAtMs ?? facts.balanceCheckedAtMs;
    this.#load = before === undefined ? { calls: 0 } : before.#load;
  }

  /** Calls it is serving now. */
  get inFlight(): number {
    return this.#load.calls;
  }

  /** What we spent since the provider was last asked; the next poll replaces the estimate. */
  debit(costNano: bigint): void {
    if (this.balanceNano !== null) this.balanceNano -= costNano;
  }

  enter(): void {
    this.#load.calls += 1;
  }

  leave(): void {
    this.#load.calls -= 1;
  }

  /** Whether it is the account that the other member stood for, so that what is learned of one goes for both. */
  isAccountOf(other: Member): boolean {
    return this.health === other.health;
  }
}

const isSameAccount = ({ kind, secret }: Member, facts: MemberFacts): boolean =>
  kind === facts.kind && secret.reveal() === facts.secret.reveal();
