import { z } from 'zod';
import { statusOf } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { IndexedKey, KeyIndex } from './key-index.ts';

/** No key is longer; a longer secret is not worth hashing. */
export const SECRET_CHARS_MAX = 512;

/** A virtual key as other services name it: by its secret, or by its whole id. */
export const keyRef = z
  .strictObject({ secret: z.string().optional(), id: z.string().optional() })
  .refine(
    ({ secret, id }) => (secret === undefined) !== (id === undefined),
    'give secret or id, exactly one of both',
  );

export type KeyRef = z.output<typeof keyRef>;

/** Undefined when it names none. A deleted key is found by its id alone. */
export function findKey(keys: KeyIndex, { secret, id = '' }: KeyRef): IndexedKey | undefined {
  if (secret === undefined) return keys.byId(id);
  return secret.length > SECRET_CHARS_MAX ? undefined : keys.find(secret);
}

/**
 * @param userId whose it has to be; null: anybody's
 * @throws GatewayError `not_found` for a secret or an id that is none
 */
export function keyOf(keys: KeyIndex, ref: KeyRef, userId: string | null = null): IndexedKey {
  const key = findKey(keys, ref);
  if (key !== undefined && (userId === null || key.userId === userId)) return key;
  throw new GatewayError('not_found', 'Key not found', { param: 'key' });
}

/** @throws GatewayError `not_found` as above, `failed_precondition` for one that may not be used now */
export function activeKeyOf(keys: KeyIndex, ref: KeyRef, nowMs: number): IndexedKey {
  const key = keyOf(keys, ref);
  if (keys.isActive(key, nowMs)) return key;
  const text = statusOf(key, nowMs) === 'expired' ? 'Key has expired' : 'Key is inactive';
  throw new GatewayError('failed_precondition', text, { param: 'key' });
}
