import { GatewayError } from '../errors/gateway-error.ts';
import type { Pool } from '../pool/pool.ts';
import type { Call } from './call.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { findEndpoint, isKnownPath } from './endpoints/index.ts';
import { passthrough } from './endpoints/passthrough.ts';

/** The row of a call. Paths that no row describes go through only where the pool allows it. */
export function endpointFor({ method, path }: Call, pool: Pool): Endpoint {
  const found = findEndpoint(method, path);
  if (found !== undefined) return found;
  if (isKnownPath(path)) {
    throw new GatewayError('method_not_allowed', `Not allowed method ${method} on ${path}.`);
  }
  if (pool.policy.passthrough) return passthrough(method, path);
  throw new GatewayError('not_found', `Invalid URL (${method} ${path})`);
}
