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
  { exchange, opened, sent }: Attempted,
  plane: DataPlane,
): Promise<boolean> {
  const { call, endpoint, pool, request, ticket } = admitted;
  const { asked, hidesUsage } = request;
  const { clock } = plane;
  const { member, served } = lease;
  const own = member.secret.reveal();
  const secrets = sent === null || sent === own ? [own] : [own, sent];
  const { heartbeatMs } = pool.policy;
  const sentModel = asked.model === '' ? '' : served.upstream;
  const delivered = await relay(
    { call, exchange, endpoint, asked, sentModel, ticket, hidesUsage, secrets, clock, heartbeatMs },
    opened,
  );
  const { anomalies } = delivered;
  const note = ticket.attempts.at(-1);
  if (note !== undefined && anomalies.length > 0) note.anomalies = anomalies;
  reportDelivered(admitted, lease, delivered, plane);
  settleDelivered(admitted, lease, delivered, plane);
  exchange.release();
  return delivered.outcome === 'settled';
}
