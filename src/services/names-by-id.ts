import type { UsageDimension } from '../entities/usage-dimension.ts';
import type { Reader } from './reader/reader.ts';

export type Names = ReadonlyMap<string, string>;

/** SQL: what people call what records have ids of; models and endpoints are called what they are. */
const NAMES: Partial<Record<UsageDimension, string>> = {
  key: 'select id, name from virtual_keys',
  team: 'select id, name from teams',
  user: 'select id, name from users',
  pool: 'select id, name from pools',
  credential: `select c.id, coalesce(p.name, c.pool_id) || '/' || c.name as name
    from credentials c left join pools p on p.id = c.pool_id`,
};

/** Names of a dimension by id, as far as there are any; credentials are `pool/name`. */
export async function namesById(
  reader: Reader,
  dimension: UsageDimension,
  ids: Iterable<string>,
): Promise<Names> {
  const wanted = [...new Set(ids)];
  const sql = NAMES[dimension];
  if (sql === undefined || wanted.length === 0) return new Map();
  const rows = await reader.rows<{ id: string; name: string }>(
    `select id, name from (${sql}) where id in (select value from json_each(?))`,
    [JSON.stringify(wanted)],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
