import type { PoolPolicy } from '../entities/pool-policy.ts';
import type { Effect, Transition } from './health.ts';
import type { Member } from './member.ts';
import type { UpstreamKind } from './upstream-kind.ts';

/** Told of every health transition, with what caused it. */
export type TransitionListener = (
  member: Member,
  transition: Transition,
  cause: { requestId: string; verdict: string; status: number },
) => void;

/** A pool's in-memory read model. Rebuilt from its rows when they change; see `directory.ts`. */
export class Pool {
  readonly id: string;
  readonly name: string;
  readonly strategy: string;
  readonly policy: PoolPolicy;
  readonly minCreditNano: bigint;
  readonly members: readonly Member[];
  /** The providers among the members. */
  readonly kinds: readonly UpstreamKind[];
  /** The strategy's memory between calls. */
  readonly turn: { cursor: number };
  readonly #onTransition: TransitionListener;

  constructor(
    facts: { id: string; name: string; strategy: string; policy: PoolPolicy },
    members: readonly Member[],
    onTransition: TransitionListener,
    before?: Pool,
  ) {
    this.id = facts.id;
    this.name = facts.name;
    this.strategy = facts.strategy;
    this.policy = facts.policy;
    this.minCreditNano = BigInt(facts.policy.minCreditNano);
    this.members = members;
    this.kinds = [...new Set(members.map((member) => member.kind))];
    this.turn = before?.turn ?? { cursor: 0 };
    this.#onTransition = onTransition;
  }

  member(credentialId: string): Member | undefined {
    return this.members.find((member) => member.id === credentialId);
  }

  /** Whether it could serve anything at all now. */
  isUsable({ health, kind, balanceNano }: Member, nowMs: number): boolean {
    const hasMoney = kind.balance === undefined || (balanceNano ?? 0n) > this.minCreditNano;
    return hasMoney && health.blockedUntil('', nowMs) === 0;
  }

  /** Who may serve `model` now. */
  usable(model: string, nowMs: number): Member[] {
    return this.members.filter((member) => member.health.blockedUntil(model, nowMs) === 0);
  }

  /**
   * When the first member that is only cooling down may serve again; null when none is, so that
   * waiting would not help.
   */
  coolingUntil(model: string, nowMs: number): number | null {
    let earliest: number | null = null;
    for (const { health } of this.members) {
      if (health.stateFor(model, nowMs) !== 'cooling') continue;
      const until = health.blockedUntil(model, nowMs);
      if (earliest === null || until < earliest) earliest = until;
    }
    return earliest;
  }

  /** Notes what an answer said of the member that gave it. */
  report(
    member: Member,
    effect: Effect,
    call: { model: string; nowMs: number; requestId: string; verdict: string; status: number },
  ): void {
    const transition = member.health.apply(effect, call.model, call.nowMs);
    if (transition !== null) this.#onTransition(member, transition, call);
  }
}
