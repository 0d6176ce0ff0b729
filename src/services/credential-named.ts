import type { EntityManager } from '@mikro-orm/sqlite';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';

export interface NamedCredential {
  credential: Credential;
  pool: Pool;
}

/** A credential as people name it: its id, `pool/name`, or its name where only one has it. */
export async function credentialNamed(tx: EntityManager, text: string): Promise<NamedCredential> {
  const pools = new Map((await tx.find(Pool, {})).map((pool) => [pool.id, pool]));
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  const found = (await tx.find(Credential, { $or: [{ id: text }, { name }] })).flatMap(
    (credential): NamedCredential[] => {
      const pool = pools.get(credential.poolId);
      const isMeant = credential.id === text || slash === -1 || pool?.name === text.slice(0, slash);
      return pool === undefined || !isMeant ? [] : [{ credential, pool }];
    },
  );
  return onlyOne(text, found);
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
  const all = found.map(({ credential, pool }) => `${pool.name}/${credential.name}`);
  throw new GatewayError(
    'invalid_request',
    `${text} names more than one credential: say ${all.join(' or ')}.`,
    { param: 'credential' },
  );
}
