import type { VirtualKey } from '../entities/virtual-key.ts';

/** What an event may say of a key: all but its hashes. */
export const keyFacts = (row: VirtualKey) => ({
  name: row.name,
  hint: row.hint,
  poolId: row.poolId,
  userId: row.userId,
  teamId: row.teamId,
  isActive: row.isActive,
  expiresAt: row.expiresAt?.toISOString() ?? null,
  rpmLimit: row.rpmLimit,
  tpmLimit: row.tpmLimit,
  concurrencyLimit: row.concurrencyLimit,
  allowedModels: row.allowedModels,
  allowedEndpoints: row.allowedEndpoints,
  sourceNetworks: row.sourceNetworks,
  metadata: row.metadata,
  previousUntil: row.previousUntil?.toISOString() ?? null,
  deletedAt: row.deletedAt?.toISOString() ?? null,
});
