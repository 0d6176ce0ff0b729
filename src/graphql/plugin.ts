import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { HTTPGraphQLResponse } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { InFlight } from '../proxy/in-flight.ts';
import type { ControlPlane } from '../services/control-plane.ts';
import { createContext } from './context.ts';
import type { Context } from './context.ts';
import { told } from './errors.ts';
import type { Judge } from './guard/judge.ts';
import { TOKENS_MAX } from './guard/limits.ts';
import { journal, judging, nothingElse, statuses } from './http/apollo-plugins.ts';
import { beforeDeadline } from './http/deadline.ts';
import { actorOf, openGate, refusal } from './http/gate.ts';
import { BODY_BYTES_MAX, readJsonOnly } from './http/json-body.ts';
import { mediaTypeFor } from './http/media-types.ts';
import type { OperationMetrics } from './operation-metrics.ts';
import type { EventStreams } from './sse.ts';

export interface GraphqlParts {
  services: ControlPlane;
  schema: GraphQLSchema;
  judge: Judge;
  clock: Clock;
  logger: Logger;
  metrics: OperationMetrics;
  /** Operations under way: few, so that `/v1` has the processor. */
  operations: InFlight;
  /** Answers those that take events; false: they want something else. */
  streams: EventStreams;
}

export const GRAPHQL_PATH = '/graphql';

/** The control plane in GraphQL: queries and mutations over HTTP, as graphql-over-http specifies. */
export async function graphqlPlugin(app: FastifyInstance, parts: GraphqlParts): Promise<void> {
  const answer = await createAnswering(app, parts);
  readJsonOnly(app);
  app.decorateRequest('actor');
  app.setErrorHandler(refusal(parts.logger));
  app.addHook('onRequest', openGate(parts.services.authenticator));
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    exposeHeadRoute: false,
    bodyLimit: BODY_BYTES_MAX,
    handler: async (request, reply) =>
      (await parts.streams(request, reply, actorOf(request)))
        ? reply
        : send(request, reply, await answer(request, reply)),
  });
  app.route({
    method: ['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: GRAPHQL_PATH,
    handler: (_request, reply) => {
      reply.header('allow', 'GET, POST');
      throw new GatewayError('method_not_allowed', 'Ask by GET or POST.');
    },
  });
}

type Answering = (request: FastifyRequest, reply: FastifyReply) => Promise<HTTPGraphQLResponse>;

async function createAnswering(app: FastifyInstance, parts: GraphqlParts): Promise<Answering> {
  const { services, clock, operations } = parts;
  /** Id of the request that is being answered: Apollo formats errors without any context. */
  const asking = new AsyncLocalStorage<string>();
  const server = createApollo(parts, () => asking.getStore() ?? '');
  await server.start();
  app.addHook('onClose', () => server.stop());

  const execute = (request: FastifyRequest) =>
    asking.run(request.id, () =>
      server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: {
          method: request.method,
          headers: new HeaderMap(
            Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
          ),
          search: /\?.*/.exec(request.url)?.[0] ?? '',
          body: request.body,
        },
        context: async () => createContext(services, actorOf(request), request.id),
      }),
    );

  return async (request, reply) => {
    const operation = new AbortController();
    const { signal } = operation;
    operations.enter(operation);
    const work = execute(request);
    void over(work, reply.raw, { clock, signal }).then(() => operations.leave(operation));
    return await beforeDeadline(work, { clock, signal });
  };
}

/** A client that has not taken the answer by then is cut off: its place is somebody else's. */
const READING_MS_MAX = 60_000;

/**
 * An operation counts until its work is done, whenever it is answered, and the answer is with the
 * client; the work of one that was ended is waited for no longer, nor is a reader that stalls.
 */
async function over(
  work: Promise<unknown>,
  response: ServerResponse,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const sent = new Promise<void>((resolve) => {
    // Of a client that left while we asked who it is, nothing more is told.
    if (response.closed) resolve();
    else response.once('close', resolve);
  });
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([Promise.allSettled([work]), ended]);
  const cut = () => response.destroy();
  signal.addEventListener('abort', cut, { once: true });
  const patience = clock.after(READING_MS_MAX, cut);
  await sent;
  patience.cancel();
}

function createApollo(parts: GraphqlParts, requestId: () => string): ApolloServer<Context> {
  const { schema, judge, clock, logger, metrics } = parts;
  return new ApolloServer<Context>({
    schema,
    logger: {
      debug: (text) => logger.debug(text),
      info: (text) => logger.info(text),
      warn: (text) => logger.warn(text),
      error: (text) => logger.error(text),
    },
    // The process has signals of its own.
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    nodeEnv: 'production',
    // The judge decides about it.
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    parseOptions: { maxTokens: TOKENS_MAX },
    plugins: [...nothingElse, judging(judge), statuses, journal({ clock, logger, metrics })],
    formatError: (formatted, thrown) => told(formatted, thrown, requestId()),
  });
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, headers, body }: HTTPGraphQLResponse,
): FastifyReply {
  for (const [name, value] of headers) reply.header(name, value);
  reply.type(`${mediaTypeFor(request.headers.accept) ?? 'application/json'}; charset=utf-8`);
  if (body.kind === 'complete') return reply.code(status).send(body.string);
  throw new GatewayError('internal', 'An answer in parts was not asked for.');
}
