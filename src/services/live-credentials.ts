import { z } from 'zod';
import { QUARTER_MS } from '../accounting/ledger/rollups.ts';
import type { Credential } from '../entities/credential.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Balances, RefreshResult } from '../pool/balances.ts';
import type { PoolDirectory } from '../pool/directory.ts';
import type { Discovery, DiscoveryResult } from '../pool/discovery.ts';
import type { Member } from '../pool/member.ts';
import { SYSTEM } from './actor.ts';
import type { Actor } from './actor.ts';
import { credentialNamed, nameOf } from './credential-named.ts';
import { reference } from './fields.ts';
import { liveCredential } from './live-credential.ts';
import type { LiveCredential } from './live-credential.ts';
import { validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { ownedBy } from './own.ts';
import { permitChange } from './policy.ts';
import type { Operation } from './policy.ts';
import { poolFor } from './pools.ts';
import type { StatsService } from './stats.ts';

const HOUR_MS = 3_600_000;
/** Beyond a hundred years no date is worth telling. */
const HOURS_MAX = 876_000n;

const whichInput = z
  .strictObject({ credential: reference.optional(), pool: reference.optional() })
  .refine(({ credential, pool }) => credential === undefined || pool === undefined, {
    path: ['pool'],
    error: 'give credential or pool, not both',
  });

/** One, those of a pool, or all of them. */
export type Which = z.input<typeof whichInput>;

export interface LiveCredentialParts extends ServiceParts {
  pools: PoolDirectory;
  balances: Balances;
  discovery: Discovery;
  stats: StatsService;
}

/** Credentials as the running server knows them: how they are doing, and what their providers tell. */
export class LiveCredentials {
  readonly #parts: LiveCredentialParts;

  constructor(parts: LiveCredentialParts) {
    this.#parts = parts;
  }

  /** Of one that the actor was shown. */
  of(row: Credential): LiveCredential {
    return liveCredential(row, this.#parts);
  }

  /** How many models the pool is known to serve; null: it is not there. */
  modelsCount(poolId: string): number | null {
    return this.#parts.pools.get(poolId)?.models.list().length ?? null;
  }

  /**
   * Nano-USD an hour of each credential, by what was charged for its calls in the last hour to an hour
   * and a quarter: roll-ups are kept by quarters. In order.
   */
  async burnRates(credentialIds: readonly string[]): Promise<bigint[]> {
    const { stats, clock } = this.#parts;
    const nowMs = clock.now();
    const fromMs = Math.floor((nowMs - HOUR_MS) / QUARTER_MS) * QUARTER_MS;
    const filter = { credential: [...credentialIds] };
    const groups = await stats.by(SYSTEM, ['credential'], { filter, fromMs });
    const costs = new Map(groups.map(({ of, costNano }) => [of.credential, costNano]));
    const spanMs = BigInt(Math.max(1, nowMs - fromMs));
    return credentialIds.map((id) => ((costs.get(id) ?? 0n) * BigInt(HOUR_MS)) / spanMs);
  }

  /** When its money would be down to what its pool leaves in it; null: not known, or not in sight. */
  runsOutAtMs(
    { balanceNano, minCreditNano }: Pick<LiveCredential, 'balanceNano' | 'minCreditNano'>,
    burnNano: bigint,
  ): number | null {
    if (balanceNano === null) return null;
    const nowMs = this.#parts.clock.now();
    const leftNano = balanceNano - minCreditNano;
    if (leftNano <= 0n) return nowMs;
    if (burnNano <= 0n || leftNano / burnNano > HOURS_MAX) return null;
    return nowMs + Number((leftNano * BigInt(HOUR_MS)) / burnNano);
  }

  /** Asks the providers now; who is being asked already is not asked twice. */
  async refreshBalances(actor: Actor, input: Which = {}): Promise<RefreshResult[]> {
    const which = await this.#which(actor, 'refreshBalances', input);
    if (which !== null) return await this.#parts.balances.refreshOf(which);
    return await this.#parts.balances.refresh();
  }

  /** As `refreshBalances`, for what they list. */
  async rediscoverModels(actor: Actor, input: Which = {}): Promise<DiscoveryResult[]> {
    const { discovery, pools } = this.#parts;
    const which = await this.#which(actor, 'rediscoverModels', input);
    return await discovery.refreshOf(which ?? pools.members());
  }

  async #which(actor: Actor, operation: Operation, input: Which): Promise<Member[] | null> {
    permitChange(actor, operation);
    const { credential, pool } = validated(whichInput, input);
    const { pools, em } = this.#parts;
    if (credential !== undefined) {
      const named = await credentialNamed(em.fork(), credential, ownedBy(actor));
      const member = pools.member(named.credential.id);
      if (member !== undefined) return [member];
      const text = `${nameOf(named)} is disabled: nothing is asked about it.`;
      throw new GatewayError('conflict', text, { param: 'credential' });
    }
    if (pool === undefined) return null;
    const { id } = await poolFor(em.fork(), actor, pool);
    return [...(pools.get(id)?.members ?? [])];
  }
}
