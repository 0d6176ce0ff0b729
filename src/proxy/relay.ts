import type { Delivered, Delivery } from './delivery.ts';
import type { Opened } from './open-answer.ts';
import { relayOpaque } from './relay-opaque.ts';
import { relayStream } from './relay-stream.ts';
import { relayWhole } from './relay-whole.ts';

/**
 * Brings an answer to the client, by its form: event streams pass through with a listener on the
 * side, JSON goes out whole, everything else passes through. No byte is given out before the hold is
 * durable.
 */
export async function relay(delivery: Delivery, opened: Opened | null): Promise<Delivered> {
  try {
    if (opened?.form === 'stream') return await relayStream(delivery);
    if (opened?.form === 'whole') return await relayWhole(delivery, opened);
    return await relayOpaque(delivery, { isJson: opened?.form === 'opaque' && opened.isJson });
  } catch (error) {
    // Nobody will read on: the upstream must not wait for us.
    delivery.exchange.abort('lost');
    throw error;
  }
}
