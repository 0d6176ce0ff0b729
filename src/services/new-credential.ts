import type { EntityManager } from '@mikro-orm/sqlite';
import { Credential } from '../entities/credential.ts';
import type { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import { Secret } from '../lib/secret.ts';
import { secretBinding } from '../pool/directory.ts';
import type { WantedCredential } from './credential-input.ts';
import { credentialMistake } from './configured-pools.ts';
import type { Registries } from './configured-pools.ts';

/** What making and judging credentials takes. */
export interface CredentialParts {
  sealer: Sealer;
  registries: Registries;
}

/** Without its secret, sealed or not: what may be told, and kept for a repetition. */
export type ShownCredential = Omit<Credential, 'secretSealed'>;

export const UNKNOWN_BALANCE = { balanceNano: null, balanceUsedNano: null, balanceCheckedAt: null };

/** A credential that an operator or a user adds to a pool. */
export function newCredential(
  tx: EntityManager,
  { pool, wanted, now }: { pool: Pool; wanted: WantedCredential; now: Date },
  { sealer, registries }: CredentialParts,
): Credential {
  assertSound(wanted, pool.strategy, registries);
  const { secret, baseUrl, ...facts } = wanted;
  const id = newId();
  const row = tx.create(Credential, {
    id,
    poolId: pool.id,
    ...facts,
    baseUrl: baseUrl ?? registries.providers.get(facts.provider)?.baseUrl ?? '',
    ...sealed(id, secret, sealer),
    isEnabled: true,
    source: 'operator',
    ...UNKNOWN_BALANCE,
    deletedAt: null,
    createdAt: now,
    updatedAt: now,
  });
  tx.persist(row);
  return row;
}

export const sealed = (id: string, secret: string, sealer: Sealer) => ({
  secretSealed: sealer.seal(secret, secretBinding(id)),
  secretHint: new Secret(secret).hint,
});

/** As the configuration is judged. @throws GatewayError `invalid_request` that names the field */
export function assertSound(
  { provider, baseUrl }: { provider: string; baseUrl?: string | undefined },
  strategy: string | undefined,
  { providers }: Pick<Registries, 'providers'>,
): void {
  const mistake = credentialMistake({ provider, base_url: baseUrl }, strategy, providers);
  if (mistake === null) return;
  const text = mistake.slice(1).replace(/^base_url/, 'baseUrl');
  throw new GatewayError('invalid_request', text, { param: text.slice(0, text.indexOf(':')) });
}

/** What can be told of it to everybody who may see it. */
export function shown(row: Credential): ShownCredential {
  const { secretSealed: _sealed, ...facts } = row;
  return facts;
}

/** What an event says of a credential: never its secret. */
export const credentialFacts = (row: Omit<Credential, 'secretSealed'>, pool: Pool) => ({
  pool: pool.name,
  name: row.name,
  provider: row.provider,
  baseUrl: row.baseUrl,
  secretHint: row.secretHint,
  isEnabled: row.isEnabled,
  weight: row.weight,
  priority: row.priority,
  rpmLimit: row.rpmLimit,
  tpmLimit: row.tpmLimit,
  models: row.models,
});
