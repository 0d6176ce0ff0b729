import type { Usage } from '../entities/usage.ts';
import { NOT_CHARGED, NO_EFFECT, SERVED, chargeable } from './delivery.ts';
import type { Delivered, Delivery } from './delivery.ts';
import type { Failure } from './exchange.ts';
import { clientHeaders } from './headers.ts';
import { parseObject } from './usage-readers.ts';

/** Delivers a JSON answer in one piece. */
export async function relayWhole(
  delivery: Delivery,
  { body, failure }: { body: Buffer; failure: Failure | null },
): Promise<Delivered> {
  const { call, exchange, ticket, clock } = delivery;
  if (failure !== null) return abandoned(delivery, body);
  const charged = chargeable(delivery, readUsage(delivery, body), body.length);
  await ticket.durable;
  ticket.firstByteMs = clock.monotonic() - call.startedMs;
  const headers = clientHeaders(call, exchange.headers);
  headers['content-length'] = String(body.length);
  call.sink.head(exchange.status, headers);
  call.sink.end(body);
  const { status } = exchange;
  return { status, outcome: 'settled', reason: 'ok', isStream: false, effect: SERVED, ...charged };
}

/** Part of the answer was there: the upstream charges for it, though nobody is left to take it. */
function abandoned(delivery: Delivery, body: Buffer): Delivered {
  const charged = body.length === 0 ? NOT_CHARGED : chargeable(delivery, null, body.length);
  return {
    status: 499,
    outcome: 'partial',
    reason: 'client_closed_request',
    isStream: false,
    effect: NO_EFFECT,
    ...charged,
  };
}

function readUsage({ endpoint, asked }: Delivery, body: Buffer): Usage | null {
  if (endpoint.meter.kind !== 'usage') return null;
  const answer = parseObject(body.toString('utf8'));
  return answer === null ? null : endpoint.meter.read(answer, asked);
}
