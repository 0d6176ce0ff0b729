import type { Usage } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { NOT_CHARGED, chargeable } from './delivery.ts';
import type { Delivered, Delivery } from './delivery.ts';
import type { Exchange, Failure } from './exchange.ts';
import { clientHeaders } from './headers.ts';
import { relayOpaque } from './relay-opaque.ts';
import { failureError } from './failure-error.ts';
import { isObject, parseObject } from './usage-readers.ts';

/** JSON up to here is held back until it is whole, so that a cut one is an error, not half an answer. */
const WHOLE_BYTES_MAX = 256 * 1024;

/** Delivers a JSON answer in one piece; one that outgrows the limit passes through instead. */
export async function relayWhole(delivery: Delivery): Promise<Delivered> {
  const { call, exchange, ticket, clock } = delivery;
  const collected = await collect(exchange);
  if (collected === 'too_long') return relayOpaque(delivery, { isJson: true });
  const { body, failure } = collected;
  if (failure === 'client_gone') return abandoned(delivery, body);
  if (failure !== null) throw failureError(failure);
  const charged = chargeable(delivery, readUsage(delivery, body), body.length);
  await ticket.durable;
  ticket.firstByteMs = clock.monotonic() - call.startedMs;
  const headers = clientHeaders(call, exchange.headers);
  headers['content-length'] = String(body.length);
  call.sink.head(exchange.status, headers);
  call.sink.end(body);
  return { status: exchange.status, outcome: 'settled', reason: 'ok', isStream: false, ...charged };
}

/** Part of the answer was there: the upstream charges for it, though nobody is left to take it. */
function abandoned(delivery: Delivery, body: Buffer): Delivered {
  const reason = 'client_closed_request';
  const charged = body.length === 0 ? NOT_CHARGED : chargeable(delivery, null, body.length);
  return { status: 499, outcome: 'partial', reason, isStream: false, ...charged };
}

/** What came of the body, and why no more did; an overlong one is back in the exchange. */
function collect(
  exchange: Exchange,
): Promise<'too_long' | { body: Buffer; failure: Failure | null }> {
  const pieces: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const finish = (failure: Failure | null) => {
      const [first] = pieces;
      const body = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
      resolve({ body, failure });
    };
    exchange.consume({
      chunk(bytes) {
        pieces.push(bytes);
        size += bytes.length;
        if (size <= WHOLE_BYTES_MAX) return;
        exchange.putBack(pieces);
        resolve('too_long');
      },
      end: () => finish(null),
      fail: finish,
    });
  });
}

/** Throws when the answer is an error object after all: it is charged nothing (trust U54, M8). */
function readUsage({ endpoint, asked }: Delivery, body: Buffer): Usage | null {
  if (endpoint.meter.kind !== 'usage') return null;
  const answer = parseObject(body.toString('utf8'));
  if (answer === null) return null;
  // A response object that failed has an `error` too, but says what it is.
  if (isObject(answer['error']) && answer['object'] === undefined) {
    throw new GatewayError('upstream_error', 'Bad gateway: the upstream answered with an error.');
  }
  return endpoint.meter.read(answer, asked);
}
