import type { EntityManager } from '@mikro-orm/sqlite';
import { Ban } from '../entities/ban.ts';
import type { Credential } from '../entities/credential.ts';
import type { Pool } from '../entities/pool.ts';
import { banFacts, inForce, OLDEST_BAN_FIRST } from './ban-facts.ts';
import { credentialFacts } from './new-credential.ts';
import type { Note } from './operation.ts';

interface Removal {
  credential: Credential;
  pool: Pool;
  now: Date;
  /** Who removes it. */
  by: string;
}

/**
 * Makes a tombstone of a credential: its secret is gone, nobody is sent there or asked about it, its
 * name is free, and what it did keeps its name. Bans end first, so that servers let go of them while
 * they still know it.
 */
export async function removeCredential(
  tx: EntityManager,
  { credential, pool, now, by }: Removal,
  note: Note,
): Promise<void> {
  const { id } = credential;
  const bans = await tx.find(
    Ban,
    { $and: [{ credentialId: id }, inForce(now.getTime())] },
    OLDEST_BAN_FIRST,
  );
  for (const ban of bans) {
    Object.assign(ban, { endedAtMs: now.getTime(), endedBy: by });
    note({ type: 'credential_ban.lifted', subject: id, before: banFacts(ban) });
  }
  const before = credentialFacts(credential, pool);
  Object.assign(credential, {
    secretSealed: '',
    isEnabled: false,
    deletedAt: now,
    updatedAt: now,
  });
  if (pool.selectedCredentialId === id) pool.selectedCredentialId = null;
  note({ type: 'credential.removed', subject: id, before });
}
