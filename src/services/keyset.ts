import { z } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import { first } from './page.ts';
import type { Page } from './page.ts';
import type { Reader, Value } from './reader/reader.ts';

/** What every list that goes by places is asked. */
export const paging = {
  first,
  /** A cursor that was given with a row of the same list, to go on after it. */
  after: z.string().optional(),
};

/** SQL that a row has to meet, one term of a conjunction, and what its marks stand for. */
export interface Condition {
  sql: string;
  values: readonly Value[];
}

/** Rows of a table, each with an id, in the order of a column; of equals the id decides. */
export interface Listing {
  table: 'virtual_keys' | 'users' | 'teams' | 'budgets';
  where: readonly Condition[];
  order: { column: 'created_at' | 'name'; isDescending: boolean };
  first: number;
  after?: string | undefined;
}

/** The rows of one page, by id. */
export interface Places {
  places: { id: string; cursor: string }[];
  hasNextPage: boolean;
}

const PLACES = {
  created_at: z.tuple([z.number(), z.string()]),
  name: z.tuple([z.string(), z.string()]),
};

/**
 * Where a page is. A cursor is a place in the order, not a row: the list goes on there, also when the
 * row is gone meanwhile.
 */
export async function placesOf(reader: Reader, listing: Listing): Promise<Places> {
  const { table, order, first: count, after } = listing;
  const { column, isDescending } = order;
  const way = isDescending ? 'desc' : 'asc';
  const where = after === undefined ? listing.where : [...listing.where, behind(after, order)];
  const conditions = where.map(({ sql }) => sql).join(' and ');
  const rows = await reader.rows<{ id: string; at: string | number }>(
    `select id, ${column} as at from ${table} ${conditions === '' ? '' : `where ${conditions}`}
     order by ${column} ${way}, id ${way} limit ?`,
    [...where.flatMap(({ values }) => values), count + 1],
  );
  const places = rows.slice(0, count).map(({ id, at }) => ({ id, cursor: cursorOf([at, id]) }));
  return { places, hasNextPage: rows.length > count };
}

/** Rows in the order of their places; those that are gone meanwhile are left out. */
export function pageOf<T extends { id: string }>(
  { places, hasNextPage }: Places,
  rows: T[],
): Page<T> {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const items = places.flatMap(({ id, cursor }) => {
    const node = byId.get(id);
    return node === undefined ? [] : [{ cursor, node }];
  });
  return { items, endCursor: places.at(-1)?.cursor ?? null, hasNextPage };
}

/** Whether a column contains a text, in upper or lower case. */
export const contains = (column: string, text: string): Condition => ({
  sql: `instr(lower(${column}), lower(?)) > 0`,
  values: [text],
});

function behind(cursor: string, { column, isDescending }: Listing['order']): Condition {
  const [at, id] = placeOf(cursor, column);
  return { sql: `(${column}, id) ${isDescending ? '<' : '>'} (?, ?)`, values: [at, id] };
}

const cursorOf = (place: [at: string | number, id: string]): string =>
  Buffer.from(JSON.stringify(place)).toString('base64url');

function placeOf(
  cursor: string,
  column: Listing['order']['column'],
): [at: string | number, id: string] {
  try {
    return PLACES[column].parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    const text = 'after: must be a cursor that was given with this list';
    throw new GatewayError('invalid_request', text, { param: 'after' });
  }
}
