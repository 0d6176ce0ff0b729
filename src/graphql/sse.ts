import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OperationTypeNode, getOperationAST, parse } from 'graphql';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { GatewayError } from '../errors/gateway-error.ts';
import { SlowConsumer } from '../lib/broadcast.ts';
import type { Clock } from '../lib/clock.ts';
import type { Actor } from '../services/actor.ts';
import { TOKENS_MAX } from './guard/limits.ts';
import { mediaTypeFor } from './http/media-types.ts';
import { ENDINGS } from './live-connections.ts';
import type { Ending, LiveConnection, LiveConnections } from './live-connections.ts';
import { perform, shown, subscribe } from './live-execution.ts';
import type { Results } from './live-execution.ts';
import { prepare } from './live-operation.ts';
import type { LiveParts, Wanted } from './live-operation.ts';
import { Outflow } from './outflow.ts';

export type EventStreams = ReturnType<typeof eventStreams>;

const MEDIA_TYPE = 'text/event-stream';
/** A comment goes out so often, so that proxies and peers know that somebody is there. */
const HEARTBEAT_MS = 15_000;
const CLOSING_MS = 5000;

/** Whether a caller would take events as an answer. */
export const takesEvents = ({ method, headers }: FastifyRequest): boolean =>
  method === 'POST' && (headers.accept ?? '').toLowerCase().includes(MEDIA_TYPE);

/**
 * Subscriptions for clients without WebSocket: server-sent events, each operation on a connection of
 * its own (the "distinct connections mode" of graphql-sse). Returns false for a request that is to be
 * answered otherwise.
 */
export const eventStreams =
  (parts: LiveParts, connections: LiveConnections) =>
  async (request: FastifyRequest, reply: FastifyReply, actor: Actor): Promise<boolean> => {
    const isOnlyWay = mediaTypeFor(request.headers.accept) === null;
    if (!takesEvents(request) || (!isOnlyWay && !isSubscription(request.body))) return false;
    const wanted = wantedIn(request.body);
    connections.assertRoom(actor);
    reply.hijack();
    const headers = {
      ...reply.getHeaders(),
      'content-type': `${MEDIA_TYPE}; charset=utf-8`,
      'cache-control': 'no-store',
      'x-request-id': request.id,
      // Of nginx: events are not to wait for more of them.
      'x-accel-buffering': 'no',
    };
    reply.raw.writeHead(200, headers as Record<string, string>);
    const stream = new EventStream(reply.raw, actor, parts.clock);
    connections.add(stream);
    reply.raw.once('close', () => connections.delete(stream));
    await answer(stream, wanted, { parts, requestId: request.id });
    return true;
  };

async function answer(
  stream: EventStream,
  wanted: Wanted,
  { parts, requestId }: { parts: LiveParts; requestId: string },
): Promise<void> {
  const { authenticator } = parts.services;
  const next = (result: ExecutionResult): Promise<void> => {
    if (!authenticator.isValid(stream.actor)) stream.end(ENDINGS.notAllowed);
    return stream.next(shown(result, requestId, parts.logger));
  };
  try {
    const results = await begin(wanted, { parts, requestId, actor: stream.actor });
    if (Symbol.asyncIterator in results) {
      stream.onEnd(() => void results.return());
      for await (const result of results) await next(result);
    } else {
      await next(results);
    }
    stream.complete();
  } catch (error) {
    const isSlow = error instanceof SlowConsumer;
    if (!isSlow) parts.logger.error({ requestId, err: error }, 'event stream failed');
    stream.end(isSlow ? ENDINGS.tooSlow : ENDINGS.failed);
  }
}

async function begin(
  wanted: Wanted,
  { parts, requestId, actor }: { parts: LiveParts; requestId: string; actor: Actor },
): Promise<Results | ExecutionResult> {
  const prepared = prepare(parts, wanted, { actor, requestId });
  if ('errors' in prepared) return prepared;
  const { args } = prepared;
  const operation = getOperationAST(args.document, args.operationName)?.operation;
  return operation === OperationTypeNode.SUBSCRIPTION
    ? await subscribe(parts, args)
    : await perform(parts, args);
}

/** One answer in events. */
class EventStream implements LiveConnection {
  readonly actor: Actor;
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #outflow: Outflow;
  #onEnd: () => void = () => undefined;
  #saidMs: number;
  #endedMs: number | null = null;

  constructor(response: ServerResponse, actor: Actor, clock: Clock) {
    this.#response = response;
    this.actor = actor;
    this.#clock = clock;
    this.#outflow = new Outflow(clock);
    this.#saidMs = clock.monotonic();
    response.once('close', () => this.#ended());
    // Who waits for the first event knows at once that the subscription stands.
    void this.#say(':\n\n');
  }

  /** Told once, when nothing is to be sent any more. */
  onEnd(run: () => void): void {
    if (this.#endedMs === null) this.#onEnd = run;
    else run();
  }

  async next(result: FormattedExecutionResult): Promise<void> {
    await this.#say(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
  }

  complete(): void {
    if (this.#endedMs !== null) return;
    this.#ended();
    this.#response.end('event: complete\ndata:\n\n');
  }

  check(): void {
    const nowMs = this.#clock.monotonic();
    if (this.#endedMs !== null) {
      if (nowMs - this.#endedMs >= CLOSING_MS) this.cut();
    } else if (this.#outflow.isStalled) {
      this.end(ENDINGS.tooSlow);
    } else if (nowMs - this.#saidMs >= HEARTBEAT_MS) {
      void this.#say(':\n\n');
    }
  }

  /** Without `complete`, from which a client learns that it may ask again. */
  end({ code, reason }: Ending): void {
    if (this.#endedMs !== null) return;
    this.#ended();
    this.#response.end(`: ${code} ${reason}\n\n`);
  }

  cut(): void {
    this.#response.destroy();
  }

  #say(text: string): Promise<void> {
    if (this.#endedMs !== null) return Promise.resolve();
    this.#saidMs = this.#clock.monotonic();
    return this.#outflow.send((done) => this.#response.write(text, done));
  }

  #ended(): void {
    this.#endedMs ??= this.#clock.monotonic();
    const tell = this.#onEnd;
    this.#onEnd = () => undefined;
    tell();
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wrong = (param: string, what: string) =>
  new GatewayError('invalid_request', `${param} must be ${what}.`, { param });

function wantedIn(body: unknown): Wanted {
  const { query, operationName = null, variables = null } = isObject(body) ? body : {};
  if (typeof query !== 'string') throw wrong('query', 'the text of a document');
  if (operationName !== null && typeof operationName !== 'string') {
    throw wrong('operationName', 'the name of an operation');
  }
  if (variables !== null && !isObject(variables)) throw wrong('variables', 'an object');
  return { query, operationName, variables };
}

function isSubscription(body: unknown): boolean {
  try {
    const { query, operationName } = wantedIn(body);
    const document = parse(query, { maxTokens: TOKENS_MAX });
    return getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    // Whoever answers says what is wrong with it.
    return false;
  }
}
