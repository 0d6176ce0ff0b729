import { z } from 'zod';
import { contains, paging, placesOf } from './keyset.ts';
import type { Places } from './keyset.ts';
import type { ServiceParts } from './operation.ts';
import type { Reader } from './reader/reader.ts';

/** What services of users and teams work with. */
export type OwnerParts = ServiceParts & { reader: Reader };

export const pageOwnersInput = z.strictObject({
  /** Part of the name, in upper or lower case. */
  search: z.string().trim().max(255).optional(),
  ...paging,
});

export type PageOwnersInput = z.input<typeof pageOwnersInput>;

/** Where a page of them is, by name. */
export const ownerPlaces = (
  reader: Reader,
  table: 'users' | 'teams',
  { search = '', first, after }: z.output<typeof pageOwnersInput>,
): Promise<Places> => {
  const where = search === '' ? [] : [contains('name', search)];
  const order = { column: 'name', isDescending: false } as const;
  return placesOf(reader, { table, where, order, first, after });
};
