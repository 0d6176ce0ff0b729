import type { EntityManager } from '@mikro-orm/sqlite';
import { Ban } from '../entities/ban.ts';

/**
 * Ends the bans in force that an account's own answers led to, because the credential is another
 * account now. An operator's stay: they are on the name, whatever is behind it.
 */
export async function endEarnedBans(
  tx: EntityManager,
  credentialId: string,
  nowMs: number,
): Promise<Ban[]> {
  // A confirmed one is in force until the provider says otherwise, also when its time is over.
  const isInForce = [
    { reason: 'unauthorized' as const },
    { reason: 'counted' as const, untilMs: null },
    { reason: 'counted' as const, untilMs: { $gt: nowMs } },
  ];
  const bans = await tx.find(
    Ban,
    { credentialId, endedAtMs: null, $or: isInForce },
    { orderBy: { startedAtMs: 'asc', id: 'asc' } },
  );
  for (const ban of bans) {
    ban.endedAtMs = nowMs;
    ban.endedBy = 'system';
  }
  return bans;
}
