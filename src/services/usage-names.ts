import type { EntityManager } from '@mikro-orm/sqlite';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { credentialOnRecord } from './credential-named.ts';
import { namesById } from './names-by-id.ts';
import type { Reader } from './reader/reader.ts';
import { keyOnRecord, poolNamed, teamNamed, userNamed } from './subject-named.ts';
import type { UsageFilter } from './usage-sql.ts';

/** Names for the values of a dimension; what is gone keeps its id, credentials are `pool/name`. */
export async function usageNames(
  reader: Reader,
  dimension: UsageDimension,
  values: Iterable<string>,
): Promise<(value: string) => string> {
  const names = await namesById(reader, dimension, values);
  return (value) => names.get(value) ?? value;
}

type Resolve = (em: EntityManager, text: string) => Promise<string>;

const RESOLVED: Partial<Record<UsageDimension, Resolve>> = {
  key: async (em, text) => (await keyOnRecord(em, text)).id,
  team: async (em, text) => (await teamNamed(em, text)).id,
  user: async (em, text) => (await userNamed(em, text)).id,
  pool: async (em, text) => (await poolNamed(em, text)).id,
  credential: async (em, text) => (await credentialOnRecord(em, text)).credential.id,
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
