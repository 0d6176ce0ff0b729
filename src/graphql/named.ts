import type { UsageDimension } from '../entities/usage-dimension.ts';
import type { Context } from './context.ts';
import type { Named } from './types/named.ts';

/** A thing that a record has the id of, with its name. */
export const named = async (
  { actor, loaders }: Context,
  dimension: UsageDimension,
  id: string,
): Promise<Named> => ({ id, name: await loaders.name.load({ actor, dimension, id }) });

/** Null where a record has none. */
export const namedOrNull = async (
  context: Context,
  dimension: UsageDimension,
  id: string | undefined,
): Promise<Named | null> =>
  id === undefined || id === '' ? null : await named(context, dimension, id);
