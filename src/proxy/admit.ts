import type { RateLimits } from '../accounting/rate-limits.ts';
import type { Ledger } from '../accounting/ledger/ledger.ts';
import type { PriceBook } from '../accounting/prices/price-book.ts';
import { costOf } from '../accounting/prices/cost.ts';
import { Ticket } from '../accounting/ticket.ts';
import type { CallRecord } from '../entities/call-record.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Arrived } from './data-plane.ts';
import { estimateOf } from './route-for.ts';
import type { Route } from './route.ts';

export interface AdmitParts {
  clock: Clock;
  limits: RateLimits;
  prices: PriceBook;
  ledger: Ledger;
  onSettled(record: CallRecord): void;
}

/**
 * Whether this call may go on, in one synchronous step: all conditions hold and everything is taken,
 * or nothing is. The ticket carries the hold.
 */
export function admit(arrived: Arrived, route: Route, parts: AdmitParts): Ticket {
  const { call, endpoint, key, pool } = arrived;
  const { asked } = arrived.request;
  // Now, not when the call began: slow bodies must not bunch up behind the limit.
  const nowMs = parts.clock.monotonic();
  const waitMs = parts.limits.waitMs(key.id, key.rpmLimit, nowMs);
  if (waitMs > 0) {
    throw new GatewayError(
      'rate_limit_exceeded',
      `Rate limit exceeded. Limit: ${key.rpmLimit} requests/minute`,
      { retryAfterMs: waitMs },
    );
  }
  const estimate = route.isCallers ? 0n : holdFor(arrived, parts.prices);
  if (estimate === null && pool.policy.unpriced === 'refuse') {
    throw new GatewayError(
      'model_not_priced',
      `The price of the model \`${asked.model}\` is not known, and this pool serves no unpriced calls.`,
      { param: 'model' },
    );
  }
  // Throws when the ledger cannot take a hold now; the slot is taken only after that.
  const ticket = new Ticket({
    hold: {
      id: call.id,
      keyId: key.id,
      poolId: pool.id,
      endpoint: endpoint.id,
      model: asked.model,
      amountNano: estimate ?? 0n,
      createdAtMs: call.startedAtMs,
      expiresAtMs: call.startedAtMs + pool.policy.timeouts.totalMs,
    },
    meter: endpoint.meter.kind,
    ledger: parts.ledger,
    onSettled: parts.onSettled,
  });
  ticket.route = route.note;
  parts.limits.take(key.id, key.rpmLimit, nowMs);
  return ticket;
}

/**
 * What the call may cost at the dearest of those that could serve it; null when none of them has a
 * price for the model.
 */
function holdFor(arrived: Arrived, prices: PriceBook): bigint | null {
  const { call, endpoint, pool, request } = arrived;
  if (endpoint.meter.kind !== 'usage') return 0n;
  const usage = estimateOf(arrived);
  let dearest: bigint | null = null;
  for (const { kind, upstream } of pool.offers(pool.models.resolve(request.asked.model))) {
    const { provider, model } = kind.priceKey(upstream);
    const price = prices.find(provider, model, call.startedAtMs);
    if (price === undefined) continue;
    const { costNano } = costOf(usage, price);
    if (dearest === null || costNano > dearest) dearest = costNano;
  }
  return dearest;
}
