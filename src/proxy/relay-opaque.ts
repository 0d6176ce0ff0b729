import type { Anomaly } from '../entities/call-record.ts';
import { anomaliesIn } from './anomalies.ts';
import { costHeader } from './cost-header.ts';
import { BROKEN, NOT_CHARGED, NO_EFFECT, SERVED, chargeable } from './delivery.ts';
import type { Charged, Delivered, Delivery } from './delivery.ts';
import { clientHeaders, labelled } from './headers.ts';
import { isUpstreams } from './exchange.ts';
import type { Failure } from './exchange.ts';
import { failureError } from './failure-error.ts';
import { parseObject, toldUsage } from './usage-readers.ts';
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
  const { call, endpoint, exchange, ticket, clock } = delivery;
  await ticket.durable;
  ticket.firstByteMs = clock.monotonic() - call.startedMs;
  const upstream = clientHeaders(call, exchange.headers);
  const headers = isJson ? labelled(upstream, 'application/json') : upstream;
  const length = exchange.headers['content-length'];
  if (typeof length === 'string' && /^\d+$/.test(length)) headers['content-length'] = length;
  // Of what has a price the end is waited for.
  if (endpoint.meter.kind !== 'usage') Object.assign(headers, costHeader(delivery.chargeFor(null)));
  call.sink.head(exchange.status, headers);
  const { failure: seen, bytes, tail } = await pass(delivery);
  // A body that only the end of its connection ends may be cut, and nobody be told.
  const failure = seen ?? (isJson && !isClosed(tail) ? 'lost' : null);
  const { status } = exchange;
  const facts = { status, isStream: false } as const;
  if (failure === null) {
    call.sink.end();
    const read = isJson ? readTail(delivery, { bytes, tail }) : unread(delivery, bytes);
    return { ...facts, outcome: 'settled', reason: 'ok', effect: SERVED, ...read };
  }
  call.sink.destroy();
  const read = bytes === 0 ? { ...NOT_CHARGED, anomalies: [] } : unread(delivery, bytes);
  const reason = failureError(failure).code;
  const effect = isUpstreams(failure) ? BROKEN : NO_EFFECT;
  return { ...facts, outcome: 'partial', reason, effect, ...read };
}

const isClosed = (tail: Buffer): boolean =>
  ['}', ']'].includes(tail.toString('latin1').trimEnd().at(-1) ?? '');

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

type Read = Charged & { anomalies: Anomaly[] };

const unread = (delivery: Delivery, bytes: number): Read => ({
  ...chargeable(delivery, null, bytes),
  anomalies: [],
});

/** From the key to the end is a whole object again, if the key is one of the top level. */
function readTail(delivery: Delivery, { bytes, tail }: { bytes: number; tail: Buffer }): Read {
  const { endpoint, asked, sentModel } = delivery;
  const text = tail.toString('utf8');
  const at = text.lastIndexOf('"usage"');
  const answer = at === -1 ? null : parseObject(`{${text.slice(at)}`);
  if (endpoint.meter.kind !== 'usage' || answer === null) return unread(delivery, bytes);
  const usage = endpoint.meter.read(answer, asked);
  const telling = { model: null, hasUsage: toldUsage(answer) !== null, usage, textChars: 0 };
  return {
    ...chargeable(delivery, usage, bytes),
    anomalies: anomaliesIn(telling, sentModel),
  };
}
