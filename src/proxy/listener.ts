import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LimitSubject } from '../accounting/limits.ts';
import { refuse } from '../edge/refuse.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { renderOpenAiError } from '../errors/openai.ts';
import type { Logger } from '../lib/logger.ts';
import { newId } from '../lib/ids.ts';
import type { Call, Sink } from './call.ts';
import type { DataPlane } from './data-plane.ts';
import { handle } from './handle.ts';
import type { InFlight } from './in-flight.ts';
import { limitHeaders } from './limit-headers.ts';
import type { Labels } from './limit-headers.ts';

export interface V1Parts {
  plane: DataPlane;
  inFlight: InFlight;
  logger: Logger;
  /** Told of every call that ended in an error of ours. */
  onRefused(error: GatewayError): void;
}

/** A client that does not take the end of its answer for so long is given up. */
const UNREAD_MS = 120_000;

/** Unread request bytes up to here are read and dropped, so that the connection can be kept. */
const DRAINED_BYTES_MAX = 64 * 1024;

const NOT_LABELLED: Labels = Object.freeze({});

/**
 * Serves `/v1` from Node's own request and response, before any router: nothing is parsed and no
 * body byte is read until the call has been authenticated. Every `/v1` path is answered here.
 */
export function v1Listener(
  parts: V1Parts,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => void answer(request, response, parts);
}

/** Whether a request target is the data plane's. */
export const isV1 = (url: string): boolean =>
  url.startsWith('/v1/') || url === '/v1' || url.startsWith('/v1?');

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  parts: V1Parts,
): Promise<void> {
  const { plane, inFlight } = parts;
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort('client_gone');
  });
  const sink = new ResponseSink(response, plane);
  const call = toCall(request, sink, controller, plane);
  try {
    inFlight.enter(controller);
    await handle(call, plane);
  } catch (thrown) {
    const error = GatewayError.from(thrown);
    note(call, error, thrown, parts);
    if (!sink.isStarted && controller.signal.reason !== 'client_gone')
      render(call, sink, error, { request, response });
    else if (!response.writableEnded) response.destroy();
  } finally {
    leaveWhenSent(response, controller, inFlight);
    // What nobody read of the body would stand before the connection's next request.
    if (!request.complete) request.resume();
  }
}

/** A call is under way until its last byte is with the client, so that a stop waits for that too. */
function leaveWhenSent(
  response: ServerResponse,
  controller: AbortController,
  inFlight: InFlight,
): void {
  // A call that was aborted is waited for no longer, or a reader that stalls could block the stop.
  if (response.writableFinished || response.destroyed || controller.signal.aborted) {
    inFlight.leave(controller);
    return;
  }
  controller.signal.addEventListener('abort', () => response.destroy(), { once: true });
  response.once('close', () => inFlight.leave(controller));
}

function note(
  call: Call,
  error: GatewayError,
  thrown: unknown,
  { logger, onRefused }: V1Parts,
): void {
  onRefused(error);
  const facts = { requestId: call.id, path: call.path, code: error.code, status: error.row.http };
  if (error.row.fault === 'platform')
    logger.error({ ...facts, err: error.cause ?? thrown }, 'call failed');
  else if (error.row.fault === 'client') logger.info(facts, 'call refused');
  else logger.warn(facts, 'call failed');
}

function render(
  call: Call,
  sink: ResponseSink,
  error: GatewayError,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): void {
  if (!request.complete && call.hasBody && (call.contentLength ?? Infinity) > DRAINED_BYTES_MAX) {
    response.setHeaders(new Map(Object.entries(sink.labels())));
    refuse(request, response, error, call.id);
    return;
  }
  const { status, headers, body } = renderOpenAiError(error);
  sink.head(status, { ...headers, 'x-request-id': error.requestId ?? call.id });
  response.end(body);
}

function toCall(
  request: IncomingMessage,
  sink: ResponseSink,
  controller: AbortController,
  { clock }: DataPlane,
): Call {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  const length = request.headers['content-length'];
  return {
    id: newId(),
    method: request.method ?? 'GET',
    path: query === -1 ? url : url.slice(0, query),
    query: query === -1 ? '' : url.slice(query),
    headers: request.headers,
    address: request.socket.remoteAddress ?? '',
    body: request,
    hasBody:
      length === undefined ? request.headers['transfer-encoding'] !== undefined : length !== '0',
    contentLength: length === undefined ? null : Number(length),
    sink,
    label: (limits) => (sink.limits = limits),
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    startedAtMs: clock.now(),
    startedMs: clock.monotonic(),
  };
}

/** The one way to a client, so that what every answer says is added here. */
class ResponseSink implements Sink {
  /** Of whoever asks; null while that is not known. */
  limits: readonly LimitSubject[] | null = null;
  readonly #response: ServerResponse;
  readonly #plane: DataPlane;

  constructor(response: ServerResponse, plane: DataPlane) {
    this.#response = response;
    this.#plane = plane;
  }

  get isStarted(): boolean {
    return this.#response.headersSent;
  }

  head(status: number, headers: Record<string, string>): void {
    this.#response.writeHead(status, { ...headers, ...this.labels() });
  }

  /** What is left now; an answer that was stored, or is shared, tells each of its readers their own. */
  labels(): Labels {
    if (this.limits === null) return NOT_LABELLED;
    const { clock, limits } = this.#plane;
    return limitHeaders(limits.states(this.limits, clock.monotonic()));
  }

  write(bytes: Buffer): boolean {
    return this.#response.write(bytes);
  }

  onDrain(run: () => void): void {
    this.#response.once('drain', run);
  }

  end(bytes?: Buffer): void {
    if (bytes === undefined) this.#response.end();
    else this.#response.end(bytes);
    // The last bytes too must be read some day.
    if (this.#response.writableLength > 0) {
      this.#response.setTimeout(UNREAD_MS, () => this.#response.destroy());
    }
  }

  destroy(): void {
    this.#response.destroy();
  }
}
