import type { EntityManager } from '@mikro-orm/sqlite';
import { Pool } from '../entities/pool.ts';
import { Team } from '../entities/team.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import { User } from '../entities/user.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { credentialNamed } from './credential-named.ts';
import { credentialNames } from './explain.ts';
import { keyOnRecord, poolNamed, teamNamed, userNamed } from './subject-named.ts';
import type { UsageFilter } from './usage-sql.ts';

type Names = ReadonlyMap<string, string>;

const namesIn = (rows: readonly { id: string; name: string }[]): Names =>
  new Map(rows.map(({ id, name }) => [id, name]));

type Find = (em: EntityManager, ids: string[]) => Promise<Names>;

/** What people call what records have ids of; models and endpoints are called what they are. */
const NAMES: Partial<Record<UsageDimension, Find>> = {
  key: async (em, ids) => namesIn(await em.find(VirtualKey, { id: { $in: ids } })),
  team: async (em, ids) => namesIn(await em.find(Team, { id: { $in: ids } })),
  user: async (em, ids) => namesIn(await em.find(User, { id: { $in: ids } })),
  pool: async (em, ids) => namesIn(await em.find(Pool, { id: { $in: ids } })),
  credential: credentialNames,
};

/** Names for the values of a dimension; what is gone keeps its id, credentials are `pool/name`. */
export async function usageNames(
  em: EntityManager,
  dimension: UsageDimension,
  values: Iterable<string>,
): Promise<(value: string) => string> {
  const names = await NAMES[dimension]?.(em.fork(), [...new Set(values)]);
  return (value) => names?.get(value) ?? value;
}

type Resolve = (em: EntityManager, text: string) => Promise<string>;

const RESOLVED: Partial<Record<UsageDimension, Resolve>> = {
  key: async (em, text) => (await keyOnRecord(em, text)).id,
  team: async (em, text) => (await teamNamed(em, text)).id,
  user: async (em, text) => (await userNamed(em, text)).id,
  pool: async (em, text) => (await poolNamed(em, text)).id,
  credential: async (em, text) => (await credentialNamed(em, text)).credential.id,
};

/** A filter as people write one, by names; an error that tells of all that is not there. */
export async function filterNamed(
  em: EntityManager,
  named: Readonly<Partial<Record<UsageDimension, string>>>,
): Promise<UsageFilter> {
  const fork = em.fork();
  const missing: GatewayError[] = [];
  const filter: Partial<Record<UsageDimension, string[]>> = {};
  for (const [name, text] of Object.entries(named)) {
    const dimension = name as UsageDimension;
    try {
      filter[dimension] = [(await RESOLVED[dimension]?.(fork, text)) ?? text];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      missing.push(error);
    }
  }
  const [first] = missing;
  if (first === undefined) return filter;
  const text = missing.map(({ message }) => message).join('\n');
  throw new GatewayError('not_found', text, { param: first.param ?? '' });
}
