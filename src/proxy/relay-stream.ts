import type { Anomaly, Outcome } from '../entities/call-record.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { errorEvent } from '../errors/openai.ts';
import type { Timer } from '../lib/clock.ts';
import { SseEvent, SseOverflowError, SseSplitter } from '../lib/sse.ts';
import type { Effect } from '../pool/effect.ts';
import { anomaliesIn } from './anomalies.ts';
import { BROKEN, NOT_CHARGED, NO_EFFECT, SERVED, chargeable } from './delivery.ts';
import type { Charged, Delivered, Delivery } from './delivery.ts';
import type { AnswerError } from './error-in-answer.ts';
import { isUpstreams } from './exchange.ts';
import { clientHeaders, labelled } from './headers.ts';
import type { Failure } from './exchange.ts';
import { failureError } from './failure-error.ts';
import { TypedStreamReader } from './stream-reader.ts';
import type { StreamReader } from './stream-reader.ts';
import { responsesUsage } from './usage-readers.ts';
import { judge } from './verdict.ts';
import { Writer } from './writer.ts';

/** Stands for an upstream's error event that quotes our credential. */
const UNQUOTABLE = errorEvent(
  new GatewayError('upstream_error', 'The upstream ended its answer with an error.'),
);

const NOTHING = Buffer.alloc(0);
const BLANK_LINE = Buffer.from('\n\n');

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
  const headers = labelled(clientHeaders(call, exchange.headers), 'text/event-stream');
  headers['cache-control'] = 'no-cache';
  headers['x-accel-buffering'] = 'no';
  call.sink.head(exchange.status, headers);

  const reader = endpoint.stream?.() ?? new TypedStreamReader([], responsesUsage);
  const ending = await pass(delivery, reader);
  const charged = chargeStream(delivery, reader);
  const anomalies = anomaliesOf(reader, delivery);
  const { status } = exchange;
  const ended = (outcome: Outcome, reason: string, effect: Effect): Delivered => {
    return { status, outcome, reason, isStream: true, effect, anomalies, ...charged };
  };
  if (ending === 'client_gone' || ending === 'client_stalled') {
    call.sink.destroy();
    return ended('partial', 'client_closed_request', NO_EFFECT);
  }
  if (reader.isComplete) {
    call.sink.end(reader.owed);
    return ended('settled', 'ok', SERVED);
  }
  if (reader.error !== null) {
    // Its own error event went through already.
    call.sink.end();
    const effect = effectOf(reader.error);
    return { ...ended('partial', 'upstream_error', effect), errorStatus: reader.error.status };
  }
  const failure = ending === 'ended' || ending === 'last_event' ? 'lost' : ending;
  const error = failureError(failure);
  call.sink.end(errorEvent(error));
  return ended('partial', error.code, isUpstreams(failure) ? BROKEN : NO_EFFECT);
}

/** An error behind content says of the credential what it would have said in the answer's place. */
const effectOf = ({ status, code }: AnswerError): Effect =>
  judge(
    { phase: 'answered', status, errorCode: code, retryAfterMs: null },
    { isRepeatable: false, hasBody: false, hasModel: true, before: [] },
  ).effect;

function pass(delivery: Delivery, reader: StreamReader): Promise<Ending> {
  const { call, exchange, ticket, spend, clock } = delivery;
  const writer = new Writer(call, exchange, clock);
  const silence = new Heartbeat(delivery, writer);
  const filter = new EventFilter(reader, delivery);
  const write = (visible: Buffer) => {
    if (visible.length === 0) return;
    ticket.firstByteMs ??= clock.monotonic() - call.startedMs;
    silence.broken();
    writer.write(visible);
  };
  return new Promise<Ending>((resolve) => {
    exchange.consume({
      chunk(bytes) {
        // Nothing behind the last event is the client's.
        if (reader.isLast) return;
        try {
          const visible = filter.pass(bytes);
          // A whole answer is charged, not cut.
          if (!reader.isComplete && !spend.covers(reader.producedBytes)) {
            exchange.abort('budget_exceeded');
            return;
          }
          write(visible);
        } catch (error) {
          if (!(error instanceof SseOverflowError)) throw error;
          exchange.abort('lost');
        }
        if (!reader.isLast) return;
        resolve('last_event');
        clock.after(LINGER_MS, () => exchange.abort('lost'));
      },
      end() {
        write(filter.rest());
        resolve('ended');
      },
      fail: resolve,
    });
    // It began without an event: its client has waited as long as it may, and a head alone is not sent.
    if (ticket.firstByteMs === null && !call.signal.aborted) silence.beat();
  }).finally(() => {
    silence.close();
    writer.close();
  });
}

/** A comment says nothing to a client, but keeps what stands between from giving the stream up. */
const HEARTBEAT = Buffer.from(': keep-alive\n\n');

/** Breaks the silence of a stream now and then, if the pool wants that. */
class Heartbeat {
  readonly #delivery: Delivery;
  readonly #writer: Writer;
  #timer: Timer | undefined;

  constructor(delivery: Delivery, writer: Writer) {
    this.#delivery = delivery;
    this.#writer = writer;
    this.#wait();
  }

  beat(): void {
    if (this.#delivery.heartbeatMs === null) return;
    this.close();
    this.#writer.write(HEARTBEAT);
    this.#wait();
  }

  broken(): void {
    this.#timer?.refresh();
  }

  close(): void {
    this.#timer?.cancel();
  }

  #wait(): void {
    const { clock, heartbeatMs } = this.#delivery;
    if (heartbeatMs !== null) this.#timer = clock.after(heartbeatMs, () => this.beat());
  }
}

/**
 * Shows every event to the reader, hides the usage event where the client did not ask for it, and
 * lets whole events through only: behind half an event our own error event could not be read.
 */
class EventFilter {
  readonly #splitter = new SseSplitter();
  readonly #reader: StreamReader;
  readonly #isHiding: boolean;
  readonly #secrets: readonly string[];

  constructor(reader: StreamReader, { hidesUsage, secrets }: Delivery) {
    this.#reader = reader;
    this.#isHiding = hidesUsage;
    this.#secrets = secrets;
  }

  /** What of the stream the client may have now. */
  pass(bytes: Buffer): Buffer {
    return this.#visible(this.#splitter.push(bytes));
  }

  /** A last event, or an error, that lacks only its blank line; any other rest was cut off. */
  rest(): Buffer {
    const rest = this.#splitter.rest();
    // Nothing behind the last event is the client's, nor behind an error.
    if (rest.length === 0 || this.#reader.isLast || this.#reader.error !== null) return NOTHING;
    const visible = this.#visible([new SseEvent(Buffer.concat([rest, BLANK_LINE]))]);
    return this.#reader.isLast || this.#reader.error !== null ? visible : NOTHING;
  }

  #visible(events: readonly SseEvent[]): Buffer {
    const visible: Buffer[] = [];
    for (const event of events) {
      const isUsage = this.#reader.note(event);
      const isLeak =
        this.#reader.error !== null && this.#secrets.some((secret) => event.raw.includes(secret));
      if (isLeak) visible.push(UNQUOTABLE);
      else if (!isUsage || !this.#isHiding) visible.push(event.raw);
      if (this.#reader.isLast) break;
    }
    return visible.length === 1 && visible[0] !== undefined ? visible[0] : Buffer.concat(visible);
  }
}

/** Where a stream was cut its last event may be half of one, and its usage older than its text. */
function anomaliesOf(reader: StreamReader, { sentModel }: Delivery): Anomaly[] {
  if (reader.isComplete) return [...reader.anomalies, ...anomaliesIn(reader, sentModel)];
  const { model, hasUsage, usage } = reader;
  return anomaliesIn({ model, hasUsage, usage, textChars: 0 }, sentModel);
}

/** Nothing told and nothing produced: nothing charged. */
function chargeStream(delivery: Delivery, reader: StreamReader): Charged {
  const { usage, spoken, hasProduced } = reader;
  if (usage === null && !hasProduced && !reader.isComplete) return NOT_CHARGED;
  const charged = chargeable(delivery, usage, spoken);
  return hasProduced && !spoken.isCountable ? atLeastEstimated(delivery, charged) : charged;
}

/** What has tokens but no text is charged as the endpoint estimates, or as its text where that is more. */
function atLeastEstimated(
  { endpoint: { meter }, asked, price }: Delivery,
  charged: Charged,
): Charged {
  const { usage, said } = charged;
  if (meter.kind !== 'usage' || usage === null || said === undefined || said === null)
    return charged;
  const output = Math.max(usage.output, meter.estimate(asked, price).output);
  return { ...charged, usage: { ...usage, output }, said: null };
}
