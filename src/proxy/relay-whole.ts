import type { Usage } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { clientHeaders } from './headers.ts';
import { relayOpaque } from './relay-opaque.ts';
import { chargeable } from './relay.ts';
import type { Delivered, Delivery } from './relay.ts';
import { failureError } from './failure-error.ts';
import { isObject } from './usage-readers.ts';

/** JSON up to here is held back until it is whole, so that a cut one is an error, not half an answer. */
const WHOLE_BYTES_MAX = 256 * 1024;

/** Delivers a JSON answer in one piece; one that outgrows the limit passes through instead. */
export async function relayWhole(delivery: Delivery): Promise<Delivered> {
  const { call, exchange, ticket, clock } = delivery;
  const pieces: Buffer[] = [];
  const isWhole = await collect(delivery, pieces);
  if (!isWhole) return relayOpaque(delivery, pieces);
  const body = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  const charged = chargeable(delivery, readUsage(delivery, body), body.length);
  await ticket.durable;
  ticket.firstByteMs = clock.monotonic() - call.startedMs;
  const headers = clientHeaders(call, exchange.headers);
  headers['content-length'] = String(body.length);
  call.sink.head(exchange.status, headers);
  call.sink.end(body);
  return { status: exchange.status, outcome: 'settled', reason: 'ok', isStream: false, ...charged };
}

/** True when the body is whole, false when it outgrew the limit (the exchange is then paused). */
function collect({ exchange }: Delivery, pieces: Buffer[]): Promise<boolean> {
  let size = 0;
  let isOpen = true;
  return new Promise((resolve, reject) => {
    exchange.consume({
      chunk(bytes) {
        pieces.push(bytes);
        size += bytes.length;
        if (size <= WHOLE_BYTES_MAX || !isOpen) return;
        isOpen = false;
        exchange.pause();
        resolve(false);
      },
      end: () => resolve(true),
      fail: (failure) => reject(failureError(failure)),
    });
  });
}

function readUsage({ endpoint, asked }: Delivery, body: Buffer): Usage | null {
  if (endpoint.meter.kind !== 'usage') return null;
  try {
    const answer: unknown = JSON.parse(body.toString('utf8'));
    return isObject(answer) ? endpoint.meter.read(answer, asked) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw new GatewayError('internal', 'An internal error occurred.', { cause: error });
  }
}
