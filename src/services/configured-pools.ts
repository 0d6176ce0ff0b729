import type { EntityManager } from '@mikro-orm/sqlite';
import type { LoosePool, PoolConfig } from '../config/file-schema.ts';
import { Credential } from '../entities/credential.ts';
import type { PoolPolicy } from '../entities/pool-policy.ts';
import { Pool } from '../entities/pool.ts';
import { newId } from '../lib/ids.ts';
import { nanoFromUsd } from '../lib/money.ts';
import type { Sealer } from '../lib/seal.ts';
import { Secret } from '../lib/secret.ts';
import { secretBinding } from '../pool/directory.ts';
import type { Provider } from '../providers/provider.ts';
import { change } from './operation.ts';
import type { ServiceParts } from './operation.ts';

export interface Registries {
  providers: ReadonlyMap<string, Provider>;
  strategies: ReadonlyMap<string, unknown>;
}

/** What the schema cannot see: names that no registry has, and pools that could never choose. */
export function poolMistakes(
  pools: readonly LoosePool[],
  { providers, strategies }: Registries,
): string[] {
  return pools.flatMap((pool, index) => {
    const { strategy } = pool;
    const known = strategy === undefined || strategies.has(strategy);
    const own = known ? [] : [`.strategy: there is no "${strategy}"; known: ${names(strategies)}`];
    const credentials = pool.credentials.flatMap((credential, at) => {
      const mistake = credentialMistake(credential, strategy, providers);
      return mistake === null ? [] : [`.credentials[${at}]${mistake}`];
    });
    return [...own, ...credentials].map((text) => `pools[${index}]${text}`);
  });
}

function credentialMistake(
  { provider: name, base_url: baseUrl }: LoosePool['credentials'][number],
  strategy: string | undefined,
  providers: Registries['providers'],
): string | null {
  if (name === undefined) return null;
  const provider = providers.get(name);
  if (provider === undefined) return `.provider: there is no "${name}"; known: ${names(providers)}`;
  if (provider.baseUrl === undefined && baseUrl === undefined)
    return `.base_url: ${name} needs one`;
  if (strategy === 'balance_weighted' && provider.balance === undefined) {
    return `.provider: ${name} tells no balance, which balance_weighted needs`;
  }
  return null;
}

const names = (registry: ReadonlyMap<string, unknown>) => [...registry.keys()].join(', ');

/**
 * Makes the database's pools and credentials those of the configuration. Ids and history stay;
 * configured credentials that are gone are disabled, so that their records keep a name. What
 * operators made is left alone.
 */
export async function applyConfiguredPools(
  parts: ServiceParts,
  pools: readonly PoolConfig[],
  { sealer, registries }: { sealer: Sealer; registries: Registries },
): Promise<void> {
  await change(parts, 'system', async (tx, note) => {
    const now = new Date(parts.clock.now());
    const kept = new Set<string>();
    for (const [index, config] of pools.entries()) {
      // Creation order is the order of the file, also for strategies.
      const createdAt = new Date(now.getTime() + index);
      const pool = await upsertPool(tx, config, createdAt);
      if (pool.isChanged)
        note({
          type: 'pool.configured',
          subject: pool.row.id,
          after: { name: config.name, strategy: config.strategy },
        });
      for (const [at, wanted] of config.credentials.entries()) {
        const facts = {
          provider: wanted.provider,
          baseUrl: wanted.base_url ?? registries.providers.get(wanted.provider)?.baseUrl ?? '',
          secret: wanted.api_key,
          name: wanted.name,
          createdAt: new Date(now.getTime() + at),
        };
        const credential = await upsertCredential(tx, pool.row.id, facts, sealer);
        kept.add(credential.row.id);
        if (credential.isChanged)
          note({
            type: 'credential.configured',
            subject: credential.row.id,
            after: { pool: config.name, name: wanted.name, provider: wanted.provider },
          });
      }
    }
    const gone = await tx.find(Credential, {
      source: 'config',
      isEnabled: true,
      id: { $nin: [...kept] },
    });
    for (const row of gone) {
      row.isEnabled = false;
      row.updatedAt = now;
      note({
        type: 'credential.disabled',
        subject: row.id,
        after: { reason: 'not configured any more' },
      });
    }
  });
}

async function upsertPool(
  tx: EntityManager,
  config: PoolConfig,
  createdAt: Date,
): Promise<{ row: Pool; isChanged: boolean }> {
  const policy = policyOf(config);
  const found = await tx.findOne(Pool, { name: config.name });
  if (found === null) {
    const row = tx.create(Pool, {
      id: newId(),
      name: config.name,
      strategy: config.strategy,
      policy,
      source: 'config',
      createdAt,
      updatedAt: createdAt,
    });
    tx.persist(row);
    return { row, isChanged: true };
  }
  const isSame =
    found.strategy === config.strategy && JSON.stringify(found.policy) === JSON.stringify(policy);
  if (!isSame) Object.assign(found, { strategy: config.strategy, policy, updatedAt: createdAt });
  return { row: found, isChanged: !isSame };
}

function policyOf(config: PoolConfig): PoolPolicy {
  return {
    attemptsMax: config.attempts_max,
    passthrough: config.passthrough,
    unpriced: config.unpriced,
    minCreditNano: String(nanoFromUsd(config.min_credit)),
    timeouts: {
      connectMs: config.timeouts.connect_ms,
      firstByteMs: config.timeouts.first_byte_ms,
      idleMs: config.timeouts.idle_ms,
      totalMs: config.timeouts.total_ms,
    },
  };
}

async function upsertCredential(
  tx: EntityManager,
  poolId: string,
  wanted: { name: string; provider: string; baseUrl: string; secret: string; createdAt: Date },
  sealer: Sealer,
): Promise<{ row: Credential; isChanged: boolean }> {
  const { name, provider, baseUrl, secret, createdAt } = wanted;
  const found = await tx.findOne(Credential, { poolId, name }, { populate: ['secretSealed'] });
  const id = found?.id ?? newId();
  const isSame =
    found !== null &&
    found.isEnabled &&
    found.provider === provider &&
    found.baseUrl === baseUrl &&
    sealer.open(found.secretSealed, secretBinding(id)) === secret;
  if (isSame) return { row: found, isChanged: false };
  const facts = {
    provider,
    baseUrl,
    secretSealed: sealer.seal(secret, secretBinding(id)),
    secretHint: new Secret(secret).hint,
    isEnabled: true,
    updatedAt: createdAt,
  };
  if (found !== null) return { row: Object.assign(found, facts), isChanged: true };
  const row = tx.create(Credential, {
    id,
    poolId,
    name,
    source: 'config',
    balanceNano: null,
    balanceUsedNano: null,
    balanceCheckedAt: null,
    createdAt,
    ...facts,
  });
  tx.persist(row);
  return { row, isChanged: true };
}
