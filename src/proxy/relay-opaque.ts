import type { Usage } from '../entities/usage.ts';
import { BROKEN, NOT_CHARGED, NO_EFFECT, SERVED, chargeable } from './delivery.ts';
import type { Delivered, Delivery } from './delivery.ts';
import { clientHeaders } from './headers.ts';
import { isUpstreams } from './exchange.ts';
import type { Failure } from './exchange.ts';
import { failureError } from './failure-error.ts';
import { parseObject } from './usage-readers.ts';
import { Writer } from './writer.ts';

/** Long answers (embeddings, images) tell their usage last; this much of their end is kept for it. */
const TAIL_BYTES = 8 * 1024;

/**
 * Passes bytes through as they come: sound, files, very long JSON. A body that breaks off cannot
 * carry an error any more, so the connection is closed instead.
 */
export async function relayOpaque(
  delivery: Delivery,
  { isJson }: { isJson: boolean },
): Promise<Delivered> {
  const { call, exchange, ticket, clock } = delivery;
  await ticket.durable;
  ticket.firstByteMs = clock.monotonic() - call.startedMs;
  const headers = clientHeaders(call, exchange.headers);
  const length = exchange.headers['content-length'];
  if (typeof length === 'string' && /^\d+$/.test(length)) headers['content-length'] = length;
  call.sink.head(exchange.status, headers);
  const { failure, bytes, tail } = await pass(delivery);
  const { status } = exchange;
  if (failure === null) {
    call.sink.end();
    const told = isJson ? readTail(delivery, tail) : null;
    const charged = chargeable(delivery, told, bytes);
    return {
      status,
      outcome: 'settled',
      reason: 'ok',
      isStream: false,
      effect: SERVED,
      ...charged,
    };
  }
  call.sink.destroy();
  const charged = bytes === 0 ? NOT_CHARGED : chargeable(delivery, null, bytes);
  const reason = failureError(failure).code;
  const effect = isUpstreams(failure) ? BROKEN : NO_EFFECT;
  return { status, outcome: 'partial', reason, isStream: false, effect, ...charged };
}

interface Passed {
  failure: Failure | null;
  bytes: number;
  tail: Buffer;
}

async function pass({ call, exchange, clock }: Delivery): Promise<Passed> {
  const writer = new Writer(call, exchange, clock);
  let bytes = 0;
  let tail: Buffer = Buffer.alloc(0);
  const chunk = (piece: Buffer) => {
    bytes += piece.length;
    tail = (piece.length < TAIL_BYTES ? Buffer.concat([tail, piece]) : piece).subarray(-TAIL_BYTES);
    writer.write(piece);
  };
  const failure = await new Promise<Failure | null>((resolve) => {
    exchange.consume({ chunk, end: () => resolve(null), fail: resolve });
  });
  writer.close();
  return { failure, bytes, tail };
}

/** From the key to the end is a whole object again, if the key is one of the top level. */
function readTail({ endpoint, asked }: Delivery, tail: Buffer): Usage | null {
  if (endpoint.meter.kind !== 'usage') return null;
  const text = tail.toString('utf8');
  const at = text.lastIndexOf('"usage"');
  const answer = at === -1 ? null : parseObject(`{${text.slice(at)}`);
  return answer === null ? null : endpoint.meter.read(answer, asked);
}
