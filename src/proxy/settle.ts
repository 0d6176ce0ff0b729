import type { GatewayError } from '../errors/gateway-error.ts';
import type { Member } from '../pool/member.ts';
import type { Admitted, DataPlane } from './handle.ts';
import type { Delivered } from './delivery.ts';

/** Charges a delivered call at the price that held when it was admitted. */
export function settleDelivered(
  { call, request, ticket }: Admitted,
  member: Member,
  delivered: Delivered,
  { clock, prices }: DataPlane,
): void {
  const { provider, model } = member.kind.priceKey(request.asked.model);
  const price =
    delivered.usage === null ? undefined : prices.find(provider, model, call.startedAtMs);
  const durationMs = clock.monotonic() - call.startedMs;
  ticket.settle({ ...delivered, credentialId: member.id, price, durationMs });
}

/** A call that no client got anything of: on record, charged nothing. */
export function settleFailed(
  { call, ticket }: Admitted,
  error: GatewayError,
  { clock }: DataPlane,
): void {
  ticket.settle({
    outcome: 'voided',
    reason: error.code,
    status: error.row.http,
    credentialId: ticket.attempts.at(-1)?.credential ?? '',
    isStream: false,
    usage: null,
    usageSource: 'none',
    price: undefined,
    durationMs: clock.monotonic() - call.startedMs,
  });
}
