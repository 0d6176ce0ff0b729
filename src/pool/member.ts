import type { Secret } from '../lib/secret.ts';
import { Health } from './health.ts';
import type { UpstreamKind } from './upstream-kind.ts';

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
  balanceNano: bigint | null;
  balanceUsedNano: bigint | null;
  balanceCheckedAtMs: number | null;
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
  readonly health: Health;
  balanceNano: bigint | null;
  balanceUsedNano: bigint | null;
  balanceCheckedAtMs: number | null;

  /** `before` is the same credential's previous member: health outlives a reload. */
  constructor(facts: MemberFacts, before?: Member) {
    this.id = facts.id;
    this.name = facts.name;
    this.poolName = facts.poolName;
    this.kind = facts.kind;
    this.origin = facts.origin;
    this.prefix = facts.prefix;
    this.secret = facts.secret;
    this.health = before?.health ?? new Health();
    this.balanceNano = before?.balanceNano ?? facts.balanceNano;
    this.balanceUsedNano = before?.balanceUsedNano ?? facts.balanceUsedNano;
    this.balanceCheckedAtMs = before?.balanceCheckedAtMs ?? facts.balanceCheckedAtMs;
  }

  /** What we spent since the provider was last asked; the next poll replaces the estimate. */
  debit(costNano: bigint): void {
    if (this.balanceNano !== null) this.balanceNano -= costNano;
  }
}
