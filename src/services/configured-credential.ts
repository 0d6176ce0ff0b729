import type { EntityManager } from '@mikro-orm/sqlite';
import type { PoolConfig } from '../config/file-schema.ts';
import { Credential } from '../entities/credential.ts';
import { newId } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import { Secret } from '../lib/secret.ts';
import { secretBinding } from '../pool/directory.ts';

export interface WantedCredential {
  poolId: string;
  config: PoolConfig['credentials'][number];
  /** Where its provider is, unless the configuration names a place. */
  providerUrl: string;
  createdAt: Date;
}

/** Makes the row of a configured credential, or brings it in line. */
export async function upsertCredential(
  tx: EntityManager,
  { poolId, config, providerUrl, createdAt }: WantedCredential,
  sealer: Sealer,
): Promise<{ row: Credential; isChanged: boolean }> {
  const { name, api_key: secret } = config;
  const found = await tx.findOne(Credential, { poolId, name }, { populate: ['secretSealed'] });
  const id = found?.id ?? newId();
  const facts = {
    provider: config.provider,
    baseUrl: config.base_url ?? providerUrl,
    isEnabled: true,
    weight: config.weight,
    priority: config.priority,
    rpmLimit: config.rpm,
    tpmLimit: config.tpm,
    models: config.models ?? null,
  };
  if (
    found !== null &&
    isSame(found, facts) &&
    sealer.open(found.secretSealed, secretBinding(id)) === secret
  ) {
    return { row: found, isChanged: false };
  }
  const changed = {
    ...facts,
    secretSealed: sealer.seal(secret, secretBinding(id)),
    secretHint: new Secret(secret).hint,
    updatedAt: createdAt,
  };
  if (found !== null) return { row: Object.assign(found, changed), isChanged: true };
  const row = tx.create(Credential, {
    id,
    poolId,
    name,
    source: 'config',
    balanceNano: null,
    balanceUsedNano: null,
    balanceCheckedAt: null,
    createdAt,
    ...changed,
  });
  tx.persist(row);
  return { row, isChanged: true };
}

/** Lists are compared by their content; all else is plain. */
function isSame(row: Credential, facts: Partial<Record<keyof Credential, unknown>>): boolean {
  const fields = Object.keys(facts) as (keyof Credential)[];
  return fields.every((field) => JSON.stringify(row[field]) === JSON.stringify(facts[field]));
}
