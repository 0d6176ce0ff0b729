import type { Usage, UsageSource } from '../entities/usage.ts';
import { errorEvent } from '../errors/openai.ts';
import { SseOverflowError, SseSplitter } from '../lib/sse.ts';
import { clientHeaders } from './headers.ts';
import type { Failure } from './exchange.ts';
import { failureError } from './failure-error.ts';
import { chargeable } from './relay.ts';
import type { Delivered, Delivery } from './relay.ts';
import { TypedStreamReader } from './stream-reader.ts';
import type { StreamReader } from './stream-reader.ts';
import { responsesUsage } from './usage-readers.ts';
import { Writer } from './writer.ts';

/** After its last event an upstream gets this long to end the answer, so that its connection can be kept. */
const LINGER_MS = 1000;

type Ending = Failure | 'ended' | 'last_event';

/**
 * Passes an event stream through, listening on the side. Bytes go out as they came, minus the usage
 * event that only we asked for. Whether the answer is whole is judged by its events: one that
 * breaks off ends with an error event and without `[DONE]`, so that no client takes it for whole.
 */
export async function relayStream(delivery: Delivery): Promise<Delivered> {
  const { call, exchange, ticket, endpoint } = delivery;
  await ticket.durable;
  const headers = clientHeaders(call, exchange.headers);
  headers['cache-control'] = 'no-cache';
  headers['x-accel-buffering'] = 'no';
  call.sink.head(exchange.status, headers);

  const reader = endpoint.stream?.() ?? new TypedStreamReader([], responsesUsage);
  const ending = await pass(delivery, reader);
  const { status } = exchange;
  const charged = chargeStream(delivery, reader);
  if (reader.isComplete && ending !== 'client_gone') {
    call.sink.end();
    return { status, outcome: 'settled', reason: 'ok', isStream: true, ...charged };
  }
  if (ending === 'client_gone' || ending === 'client_stalled') {
    call.sink.destroy();
    return {
      status,
      outcome: 'partial',
      reason: 'client_closed_request',
      isStream: true,
      ...charged,
    };
  }
  if (reader.hasFailed) {
    // Its own error event went through already.
    call.sink.end();
    return { status, outcome: 'partial', reason: 'upstream_error', isStream: true, ...charged };
  }
  const error = failureError(ending === 'ended' || ending === 'last_event' ? 'lost' : ending);
  call.sink.end(errorEvent(error));
  return { status, outcome: 'partial', reason: error.code, isStream: true, ...charged };
}

function pass(delivery: Delivery, reader: StreamReader): Promise<Ending> {
  const { call, exchange, ticket, clock } = delivery;
  const writer = new Writer(call, exchange, clock);
  const filter = new UsageFilter(reader, delivery.hidesUsage);
  return new Promise<Ending>((resolve) => {
    exchange.consume({
      chunk(bytes) {
        try {
          const visible = filter.pass(bytes);
          if (visible.length > 0) {
            ticket.firstByteMs ??= clock.monotonic() - call.startedMs;
            writer.write(visible);
          }
        } catch (error) {
          if (!(error instanceof SseOverflowError)) throw error;
          exchange.abort('lost');
        }
        if (!reader.isLast) return;
        resolve('last_event');
        clock.after(LINGER_MS, () => exchange.abort('lost'));
      },
      end() {
        const rest = filter.rest();
        if (rest.length > 0) writer.write(rest);
        resolve('ended');
      },
      fail: resolve,
    });
  }).finally(() => writer.close());
}

/** Splits off events for the reader; hides the usage event where the client did not ask for it. */
class UsageFilter {
  readonly #splitter = new SseSplitter();
  readonly #reader: StreamReader;
  readonly #isHiding: boolean;

  constructor(reader: StreamReader, isHiding: boolean) {
    this.#reader = reader;
    this.#isHiding = isHiding;
  }

  /** What of the stream the client may have now. While hiding, an unfinished event waits for its end. */
  pass(bytes: Buffer): Buffer {
    const events = this.#splitter.push(bytes);
    if (!this.#isHiding) {
      for (const event of events) this.#reader.note(event);
      return bytes;
    }
    const visible: Buffer[] = [];
    for (const event of events) if (!this.#reader.note(event)) visible.push(event.raw);
    return visible.length === 1 && visible[0] !== undefined ? visible[0] : Buffer.concat(visible);
  }

  /** What was held back when the stream ended inside an event. */
  rest(): Buffer {
    return this.#isHiding ? this.#splitter.rest() : Buffer.alloc(0);
  }
}

/** Nothing told and nothing produced: nothing charged. */
function chargeStream(
  delivery: Delivery,
  reader: StreamReader,
): { usage: Usage | null; usageSource: UsageSource } {
  if (reader.usage === null && reader.producedBytes === 0 && !reader.isComplete) {
    return { usage: null, usageSource: 'none' };
  }
  return chargeable(delivery, reader.usage, reader.producedBytes);
}
