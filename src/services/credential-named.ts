import type { EntityManager } from '@mikro-orm/sqlite';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';

export interface NamedCredential {
  credential: Credential;
  pool: Pool;
}

/** Whose pool it has to be in to be found; anybody's unless given. */
interface Owner {
  userId?: string;
}

/** `pool/name`. */
export const nameOf = ({ credential: { name }, pool }: NamedCredential): string =>
  `${pool.name}/${name}`;

/**
 * A credential as people name it: its id, `pool/name`, or its name where only one has it. Deleted ones
 * are not found any more.
 */
export async function credentialNamed(
  tx: EntityManager,
  text: string,
  owner: Owner = {},
): Promise<NamedCredential> {
  return onlyOne(text, await called(tx, text, { owner, isGone: false }));
}

/** As `credentialNamed`; where none of them is meant, one that was deleted: what it did is still told. */
export async function credentialOnRecord(
  em: EntityManager,
  text: string,
  owner: Owner = {},
): Promise<NamedCredential> {
  const living = await called(em, text, { owner, isGone: false });
  if (living.length > 0) return onlyOne(text, living);
  return onlyOne(text, await called(em, text, { owner, isGone: true }));
}

async function called(
  em: EntityManager,
  text: string,
  { owner, isGone }: { owner: Owner; isGone: boolean },
): Promise<NamedCredential[]> {
  const pools = new Map((await em.find(Pool, owner)).map((pool) => [pool.id, pool]));
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  const deletedAt = isGone ? { $ne: null } : null;
  const found = await em.find(Credential, { deletedAt, $or: [{ id: text }, { name }] });
  return found.flatMap((credential): NamedCredential[] => {
    const pool = pools.get(credential.poolId);
    const isMeant = credential.id === text || slash === -1 || pool?.name === text.slice(0, slash);
    return pool === undefined || !isMeant ? [] : [{ credential, pool }];
  });
}

/** An id is no other's; among names, credentials that are not configured any more stand back. */
function onlyOne(text: string, found: readonly NamedCredential[]): NamedCredential {
  const byId = found.find(({ credential }) => credential.id === text);
  if (byId !== undefined) return byId;
  const enabled = found.filter(({ credential }) => credential.isEnabled);
  const [one, second] = enabled.length > 0 ? enabled : found;
  if (one === undefined) {
    throw new GatewayError('not_found', `There is no credential called ${text}.`, {
      param: 'credential',
    });
  }
  if (second === undefined) return one;
  const all = found.map((named) => nameOf(named));
  throw new GatewayError(
    'invalid_request',
    `${text} names more than one credential: say ${all.join(' or ')}.`,
    { param: 'credential' },
  );
}
