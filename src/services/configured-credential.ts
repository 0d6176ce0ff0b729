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

export interface Upserted {
  row: Credential;
  isChanged: boolean;
  /** Why it is another account under the old name; null: it is the same, or the name is new. */
  otherAccount: string | null;
}

/**
 * Makes the row of a configured credential, or brings it in line. The balance of an account
 * is forgotten with it.
 */
export async function upsertCredential(
  tx: EntityManager,
  { poolId, config, providerUrl, createdAt }: WantedCredential,
  sealer: Sealer,
): Promise<Upserted> {
  const { name, api_key: secret } = config;
  const found = await tx.findOne(
    Credential,
    { poolId, name, deletedAt: null },
    { populate: ['secretSealed'] },
  );
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
    // Also one that an operator made: the configuration has claimed its name.
    source: 'config' as const,
  };
  const otherAccount = found === null ? null : changeOfAccount(found, config, sealer);
  if (found !== null && otherAccount === null && isSame(found, facts)) {
    return { row: found, isChanged: false, otherAccount };
  }
  const changed = {
    ...facts,
    secretSealed: sealer.seal(secret, secretBinding(id)),
    secretHint: new Secret(secret).hint,
    updatedAt: createdAt,
  };
  if (found !== null) {
    const forgotten = otherAccount === null ? {} : UNKNOWN_BALANCE;
    return { row: Object.assign(found, changed, forgotten), isChanged: true, otherAccount };
  }
  const row = tx.create(Credential, {
    id,
    poolId,
    name,
    createdAt,
    deletedAt: null,
    ...UNKNOWN_BALANCE,
    ...changed,
  });
  tx.persist(row);
  return { row, isChanged: true, otherAccount };
}

const UNKNOWN_BALANCE = { balanceNano: null, balanceUsedNano: null, balanceCheckedAt: null };

function changeOfAccount(
  { id, provider, secretSealed }: Credential,
  config: WantedCredential['config'],
  sealer: Sealer,
): string | null {
  if (provider !== config.provider) return 'another provider was configured';
  const isSameSecret = sealer.open(secretSealed, secretBinding(id)) === config.api_key;
  return isSameSecret ? null : 'another secret was configured';
}

/** Lists are compared by their content; all else is plain. */
function isSame(row: Credential, facts: Partial<Record<keyof Credential, unknown>>): boolean {
  const fields = Object.keys(facts) as (keyof Credential)[];
  return fields.every((field) => JSON.stringify(row[field]) === JSON.stringify(facts[field]));
}
