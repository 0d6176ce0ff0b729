import { GatewayError } from '../errors/gateway-error.ts';
import type { Delivered, Delivery } from './delivery.ts';
import type { Exchange } from './exchange.ts';
import { relayOpaque } from './relay-opaque.ts';
import { relayStream } from './relay-stream.ts';
import { relayWhole } from './relay-whole.ts';

/**
 * Brings an answer to the client, by its form: event streams pass through with a listener on the
 * side, JSON is held back until it is whole (up to a limit), everything else passes through.
 * No byte is given out before the hold is durable.
 */
export async function relay(delivery: Delivery): Promise<Delivered> {
  const { exchange } = delivery;
  try {
    refuseCoded(exchange);
    const type = (exchange.headers['content-type'] ?? '').toLowerCase();
    if (type.startsWith('text/event-stream')) return await relayStream(delivery);
    if (type.startsWith('application/json')) return await relayWhole(delivery);
    return await relayOpaque(delivery, { isJson: false });
  } catch (error) {
    // Nobody will read on: the upstream must not wait for us.
    exchange.abort('lost');
    throw error;
  }
}

/** Compressed though we asked for none: its usage cannot be read, and the client did not ask either. */
function refuseCoded({ headers }: Exchange): void {
  const coding = headers['content-encoding'] ?? 'identity';
  if (coding === 'identity' || coding === '') return;
  throw new GatewayError('upstream_error', 'Bad gateway: the upstream sent a compressed answer.');
}
