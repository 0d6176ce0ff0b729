import { tokensIn } from '../entities/usage.ts';
import type { Lease } from '../pool/lease.ts';
import type { Attempted } from './attempt.ts';
import type { Admitted, DataPlane } from './data-plane.ts';
import { relay } from './relay.ts';
import { reportDelivered } from './report.ts';
import { settleDelivered } from './settle.ts';

/** Brings the answer to the client and charges it. True when the client got all of it. */
export async function deliver(
  admitted: Admitted,
  lease: Lease,
  { exchange, opened }: Attempted,
  plane: DataPlane,
): Promise<boolean> {
  const { call, endpoint, pool, request, route, ticket } = admitted;
  const { asked, hidesUsage } = request;
  const { clock } = plane;
  const { secret } = lease.member;
  const { heartbeatMs } = pool.policy;
  const delivered = await relay(
    { call, exchange, endpoint, asked, ticket, hidesUsage, secret, clock, heartbeatMs },
    opened,
  );
  const { effect, status, reason, usage } = delivered;
  reportDelivered(admitted, lease, { effect, status, verdict: reason }, plane);
  if (usage !== null) {
    const tokens = tokensIn(usage);
    lease.settle(tokens, clock.monotonic());
    route.settle(tokens);
  }
  settleDelivered(admitted, lease, delivered, plane);
  exchange.release();
  return delivered.outcome === 'settled';
}
