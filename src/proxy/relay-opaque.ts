import { clientHeaders } from './headers.ts';
import { chargeable } from './relay.ts';
import type { Delivered, Delivery } from './relay.ts';
import type { Failure } from './exchange.ts';
import { Writer } from './writer.ts';

/**
 * Passes bytes through as they come: sound, files, very long JSON. `head` is what was read already.
 * A body that breaks off cannot carry an error any more, so the connection is closed instead.
 */
export async function relayOpaque(delivery: Delivery, head: readonly Buffer[]): Promise<Delivered> {
  const { call, exchange, ticket, clock } = delivery;
  await ticket.durable;
  ticket.firstByteMs = clock.monotonic() - call.startedMs;
  const headers = clientHeaders(call, exchange.headers);
  const length = exchange.headers['content-length'];
  if (typeof length === 'string' && /^\d+$/.test(length)) headers['content-length'] = length;
  call.sink.head(exchange.status, headers);
  const { failure, bytes } = await pass(delivery, head);
  const charged = chargeable(delivery, null, bytes);
  const { status } = exchange;
  if (failure === null) {
    call.sink.end();
    return { status, outcome: 'settled', reason: 'ok', isStream: false, ...charged };
  }
  call.sink.destroy();
  const reason =
    failure === 'client_gone' ? 'client_closed_request' : 'upstream_stream_interrupted';
  return { status, outcome: 'partial', reason, isStream: false, ...charged };
}

async function pass(
  { call, exchange, clock }: Delivery,
  head: readonly Buffer[],
): Promise<{ failure: Failure | null; bytes: number }> {
  const writer = new Writer(call, exchange, clock);
  let bytes = 0;
  const write = (chunk: Buffer) => {
    bytes += chunk.length;
    writer.write(chunk);
  };
  for (const chunk of head) write(chunk);
  const failure = await new Promise<Failure | null>((resolve) => {
    exchange.consume({ chunk: write, end: () => resolve(null), fail: resolve });
    if (head.length > 0) exchange.resume();
  });
  writer.close();
  return { failure, bytes };
}
