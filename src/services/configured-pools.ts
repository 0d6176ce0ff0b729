import type { EntityManager } from '@mikro-orm/sqlite';
import type { PoolConfig } from '../config/file-schema.ts';
import type { LoosePool } from '../config/loose-schema.ts';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { isForbiddenLiteral } from '../lib/address-ranges.ts';
import { newId } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Provider } from '../providers/provider.ts';
import { upsertCredential } from './configured-credential.ts';
import { endEarnedBans } from './earned-bans.ts';
import { modelRuleMistakes } from './model-rule-mistakes.ts';
import { change } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { policyOf } from './pool-policy-of.ts';
import { SYSTEM } from './actor.ts';

export interface Registries {
  providers: ReadonlyMap<string, Provider>;
  strategies: ReadonlyMap<string, unknown>;
}

/** What the schema cannot see: names that nothing has, and rules or pools that could never choose. */
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
    const rules = modelRuleMistakes(pool, (name) => unknownProvider(name, providers));
    return [...own, ...credentials, ...rules].map((text) => `pools[${index}]${text}`);
  });
}

const unknownProvider = (name: string, providers: Registries['providers']): string | null =>
  providers.has(name) ? null : `there is no "${name}"; known: ${names(providers)}`;

/** What is wrong with one credential, and where: `.provider: …`, `.base_url: …`; null: nothing. */
export function credentialMistake(
  { provider: name, base_url: baseUrl }: LoosePool['credentials'][number],
  strategy: string | undefined,
  providers: Registries['providers'],
): string | null {
  if (name === undefined) return null;
  const provider = providers.get(name);
  if (provider === undefined) return `.provider: ${unknownProvider(name, providers)}`;
  if (provider.baseUrl === undefined && baseUrl === undefined)
    return `.base_url: ${name} needs one`;
  const url = baseUrl === undefined ? null : URL.parse(baseUrl);
  if (url !== null && isForbiddenLiteral(url.hostname))
    return '.base_url: link-local addresses are no upstreams; metadata services live there';
  // It would be told to everybody who may see the credential, and sent to nobody.
  if (url !== null && url.username + url.password !== '')
    return '.base_url: has no place for a user or a password; secrets are sealed as such';
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
  await change(parts, SYSTEM, async (tx, note) => {
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
          poolId: pool.row.id,
          config: wanted,
          providerUrl: registries.providers.get(wanted.provider)?.baseUrl ?? '',
          createdAt: new Date(now.getTime() + at),
        };
        const { row, isChanged, otherAccount } = await upsertCredential(tx, facts, sealer);
        kept.add(row.id);
        if (isChanged)
          note({
            type: 'credential.configured',
            subject: row.id,
            after: { pool: config.name, name: wanted.name, provider: wanted.provider },
          });
        if (otherAccount === null) continue;
        for (const { id, model, reason } of await endEarnedBans(tx, row.id, now.getTime()))
          note({
            type: 'credential_ban.ended',
            subject: row.id,
            before: { ban: id, model, reason },
            after: { cause: otherAccount },
          });
      }
    }
    const gone = await tx.find(Credential, {
      source: 'config',
      isEnabled: true,
      deletedAt: null,
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
      selectedCredentialId: null,
      source: 'config',
      createdAt,
      updatedAt: createdAt,
    });
    tx.persist(row);
    return { row, isChanged: true };
  }
  // Also one that an operator made: the file has claimed its name.
  const isSame =
    found.source === 'config' &&
    found.strategy === config.strategy &&
    JSON.stringify(found.policy) === JSON.stringify(policy);
  const { strategy } = config;
  if (!isSame) Object.assign(found, { strategy, policy, source: 'config', updatedAt: createdAt });
  return { row: found, isChanged: !isSame };
}
