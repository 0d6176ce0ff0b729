import type { EntityManager } from '@mikro-orm/sqlite';
import { z } from 'zod';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { PoolDirectory } from '../pool/directory.ts';
import type { Actor } from './actor.ts';
import { liveCredential } from './live-credential.ts';
import type { CredentialState, LiveBlock } from './live-credential.ts';
import type { BalanceNow } from './live-balances.ts';
import { ids } from './live-input.ts';
import type { LiveService } from './live.ts';
import { validated } from './operation.ts';
import { permit } from './policy.ts';

/** Something that stands against a credential, or against all of its origin. */
export interface HealthBlockNow extends Pick<LiveBlock, 'model' | 'untilMs'> {
  readonly state: CredentialState | 'ejected';
}

/** Whether a credential may serve now, and why not. */
export interface CredentialHealth {
  readonly credential: Credential;
  readonly isUsable: boolean;
  readonly blocks: readonly HealthBlockNow[];
  /** Nano-USD; null: not known. */
  readonly balanceNano: bigint | null;
  readonly inFlight: number;
}

export interface CredentialWatchParts {
  em: EntityManager;
  clock: Clock;
  pools: PoolDirectory;
  live: Pick<LiveService, 'balances'>;
}

const OLDEST_FIRST = { orderBy: { createdAt: 'asc', id: 'asc' } } as const;

/** Empty: all pools. */
const healthInput = z.strictObject({ pool_id: z.string().max(256).default('') });
const balancesInput = z.strictObject({ pool_ids: ids, credential_ids: ids });

export type HealthInput = z.input<typeof healthInput>;
export type WatchBalancesInput = z.input<typeof balancesInput>;

/** Credentials as other services look at them: how they are doing, and what they have left. */
export class CredentialWatch {
  readonly #parts: CredentialWatchParts;

  constructor(parts: CredentialWatchParts) {
    this.#parts = parts;
  }

  /** In the order of their pools, both oldest first; deleted ones are left out. */
  async health(actor: Actor, input: HealthInput = {}): Promise<CredentialHealth[]> {
    permit(actor, 'credentialHealth');
    const { pool_id: poolId } = validated(healthInput, input);
    const em = this.#parts.em.fork();
    const pools = await em.find(Pool, poolId === '' ? {} : { id: poolId }, OLDEST_FIRST);
    if (poolId !== '' && pools.length === 0) {
      throw new GatewayError('not_found', 'Pool not found', { param: 'pool_id' });
    }
    const where = { poolId: { $in: pools.map(({ id }) => id) }, deletedAt: null };
    const rows = Map.groupBy(await em.find(Credential, where, OLDEST_FIRST), (row) => row.poolId);
    return pools.flatMap(({ id }) => (rows.get(id) ?? []).map((row) => this.#now(row)));
  }

  /** Balances as they are, then whenever they move; of all where nothing is said. */
  async balances(
    actor: Actor,
    input: WatchBalancesInput = {},
  ): Promise<AsyncGenerator<BalanceNow, void>> {
    permit(actor, 'balanceChanged');
    const { pool_ids: pool, credential_ids: credential } = validated(balancesInput, input);
    return await this.#parts.live.balances(actor, {
      pool: anyOf(pool),
      credential: anyOf(credential),
    });
  }

  #now(row: Credential): CredentialHealth {
    const { isUsable, blocks, balanceNano, inFlight } = liveCredential(row, this.#parts);
    const ejections = this.#parts.pools.member(row.id)?.originHealth.ejections() ?? [];
    const nowMs = this.#parts.clock.now();
    const ejected = ejections.flatMap(({ model, untilMs }): HealthBlockNow[] =>
      untilMs > nowMs ? [{ state: 'ejected', model, untilMs }] : [],
    );
    return {
      credential: row,
      isUsable,
      blocks: [...blocks, ...ejected],
      balanceNano,
      inFlight,
    };
  }
}

/** None at all means all. */
const anyOf = (wanted: readonly string[] | undefined): readonly string[] | undefined =>
  wanted?.length === 0 ? undefined : wanted;
