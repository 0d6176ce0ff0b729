import DataLoader from 'dataloader';
import type { Ban } from '../entities/ban.ts';
import type { Credential } from '../entities/credential.ts';
import type { Pool } from '../entities/pool.ts';
import type { ControlPlane } from '../services/control-plane.ts';

/** Pools, credentials and bans of many things at once. Nothing is kept: a change may lie between. */
export interface PoolLoaders {
  pool: DataLoader<string, Pool | null>;
  /** Also one that is deleted. */
  credential: DataLoader<string, Credential | null>;
  /** By the id of their pool, oldest first. */
  credentialsOf: DataLoader<string, Credential[]>;
  /** In force on a credential, oldest first. */
  bansOn: DataLoader<string, Ban[]>;
  /** Nano-USD an hour of a credential. */
  burnRate: DataLoader<string, bigint>;
}

const FRESH = { cache: false } as const;

export function createPoolLoaders(services: ControlPlane): PoolLoaders {
  const { pools, credentials, bans, liveCredentials } = services;
  return {
    pool: new DataLoader(async (ids) => inOrder(ids, await pools.byIds(ids)), FRESH),
    credential: new DataLoader(async (ids) => inOrder(ids, await credentials.byIds(ids)), FRESH),
    credentialsOf: new DataLoader(async (poolIds) => {
      const found = Map.groupBy(await credentials.ofPools(poolIds), ({ poolId }) => poolId);
      return poolIds.map((id) => found.get(id) ?? []);
    }, FRESH),
    bansOn: new DataLoader(async (ids) => {
      const found = Map.groupBy(await bans.inForceOn(ids), ({ credentialId }) => credentialId);
      return ids.map((id) => found.get(id) ?? []);
    }, FRESH),
    burnRate: new DataLoader((ids) => liveCredentials.burnRates(ids), FRESH),
  };
}

function inOrder<T extends { id: string }>(ids: readonly string[], rows: T[]): (T | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}
