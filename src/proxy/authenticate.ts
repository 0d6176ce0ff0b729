import { GatewayError } from '../errors/gateway-error.ts';
import type { Call } from './call.ts';
import type { KeyEntry, VirtualKeys } from './virtual-keys.ts';

const SCHEME = 'Bearer ';
/** No key is longer; a longer token is not worth hashing. */
const TOKEN_CHARS_MAX = 512;

/**
 * Whose call this is. Unknown, malformed, disabled and expired keys get one answer, so that it
 * tells nothing (contracts A1, trust A4).
 */
export function authenticate(call: Call, keys: VirtualKeys, nowMs: number): KeyEntry {
  const header = call.headers['authorization'];
  if (typeof header !== 'string' || !header.startsWith(SCHEME)) {
    throw new GatewayError(
      'invalid_api_key',
      'Missing API key. Use Authorization: Bearer <your-api-key>',
    );
  }
  const token = header.slice(SCHEME.length);
  return active(token.length > TOKEN_CHARS_MAX ? undefined : keys.find(token), {
    keys,
    nowMs,
  });
}

/** The key as it is now, after time has passed since it was shown. */
export function stillActive(key: KeyEntry, keys: VirtualKeys, nowMs: number): KeyEntry {
  return active(keys.again(key), { keys, nowMs });
}

function active(
  key: KeyEntry | undefined,
  { keys, nowMs }: { keys: VirtualKeys; nowMs: number },
): KeyEntry {
  if (key !== undefined && keys.isActive(key, nowMs)) return key;
  throw new GatewayError('invalid_api_key', 'Invalid or expired API key');
}
