import { outputCapOf } from '../accounting/estimate.ts';
import type { Lease } from '../pool/lease.ts';
import type { Attempted } from './attempt.ts';
import { countUntold } from './count-untold.ts';
import type { Delivery } from './delivery.ts';
import type { Admitted, DataPlane } from './data-plane.ts';
import { relay } from './relay.ts';
import { reportDelivered } from './report.ts';
import { estimateOf } from './route-for.ts';
import { RunningCost } from './running-cost.ts';
import { priceFor, settleDelivered } from './settle.ts';

/** Brings the answer to the client and charges it. True when the client got all of it. */
export async function deliver(
  admitted: Admitted,
  lease: Lease,
  { exchange, opened, sent }: Attempted,
  plane: DataPlane,
): Promise<boolean> {
  const { call, endpoint, pool, request, route, ticket } = admitted;
  const { asked, hidesUsage } = request;
  const { clock } = plane;
  const { member, served } = lease;
  const own = member.secret.reveal();
  const secrets = sent === null || sent === own ? [own] : [own, sent];
  const { heartbeatMs } = pool.policy;
  const price = priceFor(admitted, lease);
  const spend = new RunningCost(ticket, price, {
    estimate: estimateOf(admitted, price),
    isCapped: outputCapOf(asked.fields) !== undefined,
  });
  const sentModel = asked.model === '' ? '' : served.upstream;
  const isPaidElsewhere = route.isCallers;
  const delivery: Delivery = {
    call,
    exchange,
    endpoint,
    asked,
    sentModel,
    ticket,
    price,
    hidesUsage,
    secrets,
    chargeFor: (usage) => ticket.chargeFor({ outcome: 'settled', usage, price, isPaidElsewhere }),
    spend,
    clock,
    heartbeatMs,
  };
  const delivered = await relay(delivery, opened);
  const { anomalies } = delivered;
  const note = ticket.attempts.at(-1);
  if (note !== undefined && anomalies.length > 0) note.anomalies = anomalies;
  reportDelivered(admitted, lease, delivered, plane);
  exchange.release();
  if (delivered.said === undefined) {
    settleDelivered(admitted, lease, delivered, plane);
  } else {
    // The call is over, and makes room for others: only its settlement waits for the count.
    ticket[Symbol.dispose]();
    lease[Symbol.dispose]();
    const charged = await countUntold(delivered, delivery, plane.counter);
    settleDelivered(admitted, lease, { ...delivered, ...charged }, plane);
  }
  return delivered.outcome === 'settled';
}
