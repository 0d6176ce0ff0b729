import type { EntityManager } from '@mikro-orm/sqlite';
import { Pool } from '../entities/pool.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Actor } from './actor.ts';

/** What operators alone decide of a key. */
const OPERATORS = ['user', 'team'];

/** What a key may be called and carry along is its owner's business; the rest binds whoever uses a pool. */
const OWNERS = ['name', 'metadata'];

/**
 * Users decide all but a few things of keys of their own pools. A key of another pool was given to them
 * with its limits: of that one they may change what limits nothing, or switch it off.
 * @throws GatewayError `permission_denied` that names all that is not theirs to decide
 */
export async function assertDecides(
  tx: EntityManager,
  { userId }: Actor,
  poolId: string,
  given: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (userId === null) return;
  const isOwnPool = (await tx.findOne(Pool, { id: poolId, userId })) !== null;
  const isAllowed = (field: string): boolean =>
    isOwnPool
      ? !OPERATORS.includes(field)
      : OWNERS.includes(field) || (field === 'isActive' && given[field] === false);
  deny(Object.keys(given).filter((field) => given[field] !== undefined && !isAllowed(field)));
}

/** @throws GatewayError that names these fields, unless there are none */
export function deny(fields: readonly string[]): void {
  const [first] = fields;
  if (first === undefined) return;
  const text = `Only operators decide this of the key: ${fields.join(', ')}.`;
  throw new GatewayError('permission_denied', text, { param: first });
}
