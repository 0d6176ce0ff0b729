import { GatewayError } from '../errors/gateway-error.ts';
import { hasRole } from './actor.ts';
import type { Actor } from './actor.ts';

/** Whoever says where calls are sent can have them sent into our own network: that is for admins. */
export function assertMayPlace(actor: Actor, baseUrl: string | undefined): void {
  if (baseUrl === undefined || hasRole(actor, 'admin')) return;
  throw new GatewayError('permission_denied', 'baseUrl: needs the role admin.', {
    param: 'baseUrl',
  });
}
