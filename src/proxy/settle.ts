import { tokensIn } from '../entities/usage.ts';
import type { GatewayError } from '../errors/gateway-error.ts';
import type { Lease } from '../pool/lease.ts';
import { CALLER } from './caller-credential.ts';
import type { Admitted, DataPlane } from './data-plane.ts';
import type { Delivered } from './delivery.ts';

/**
 * Charges a delivered call at the price that held when it was admitted. What it really used replaces
 * the tokens reserved for it.
 */
export function settleDelivered(
  { call, route, ticket }: Admitted,
  lease: Lease,
  delivered: Omit<Delivered, 'effect' | 'anomalies'>,
  { clock, prices }: DataPlane,
): void {
  const { member, served } = lease;
  const tokens = delivered.usage === null ? 0 : tokensIn(delivered.usage);
  lease.settle(tokens, clock.monotonic());
  route.settle(tokens);
  const { provider, model } = member.kind.priceKey(served.upstream);
  const isPaidElsewhere = route.isCallers;
  const price =
    delivered.usage === null || isPaidElsewhere
      ? undefined
      : prices.find(provider, model, call.startedAtMs);
  const durationMs = clock.monotonic() - call.startedMs;
  const credentialId = route.isCallers ? CALLER : member.id;
  ticket.settle({ ...delivered, credentialId, price, isPaidElsewhere, durationMs });
}

/** A call that no client got anything of: on record, charged nothing, its tokens free again. */
export function settleFailed(
  { call, route, ticket }: Admitted,
  error: GatewayError,
  { clock }: DataPlane,
): void {
  route.settle(0);
  ticket.settle({
    outcome: 'voided',
    reason: error.code,
    status: error.row.http,
    credentialId: ticket.attempts.at(-1)?.credential ?? '',
    isStream: false,
    usage: null,
    usageSource: 'none',
    price: undefined,
    isPaidElsewhere: false,
    durationMs: clock.monotonic() - call.startedMs,
  });
}
