import type { PriceRow } from '../accounting/prices/price-row.ts';
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
  admitted: Admitted,
  lease: Lease,
  delivered: Omit<Delivered, 'effect' | 'anomalies'>,
  plane: DataPlane,
): void {
  const { call, route, ticket } = admitted;
  const { clock } = plane;
  const tokens = delivered.usage === null ? 0 : tokensIn(delivered.usage);
  lease.settle(tokens, clock.monotonic());
  route.settle(tokens);
  const isPaidElsewhere = route.isCallers;
  const price = delivered.usage === null ? undefined : priceFor(admitted, lease);
  const durationMs = clock.monotonic() - call.startedMs;
  const credentialId = route.isCallers ? CALLER : lease.member.id;
  ticket.settle({ ...delivered, credentialId, price, isPaidElsewhere, durationMs });
}

/** Of the model at the credential that serves it; undefined when it is not ours to pay, or not known. */
export function priceFor(
  { call, prices, route }: Pick<Admitted, 'call' | 'prices' | 'route'>,
  { member, served }: Lease,
): PriceRow | undefined {
  if (route.isCallers) return undefined;
  return prices.of(member.kind, served.upstream, call.startedAtMs);
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
