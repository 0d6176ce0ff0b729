import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Ledger } from './accounting/ledger/ledger.ts';
import type { RemoteCalls } from './accounting/remote/remote-calls.ts';
import { notReady } from './control-plane.ts';
import { fromFramework } from './edge/from-framework.ts';
import { createEdgeServer } from './edge/server.ts';
import type { CallRecord } from './entities/call-record.ts';
import { GatewayError } from './errors/gateway-error.ts';
import { renderOpenAiError } from './errors/openai.ts';
import { createJudge } from './graphql/guard/judge.ts';
import { LiveConnections } from './graphql/live-connections.ts';
import { OperationMetrics } from './graphql/operation-metrics.ts';
import { GRAPHQL_PATH, graphqlPlugin } from './graphql/plugin.ts';
import { schemaOfDecorators } from './graphql/schema.ts';
import { GraphqlSockets } from './graphql/socket.ts';
import { eventStreams } from './graphql/sse.ts';
import type { Broadcast } from './lib/broadcast.ts';
import { newId } from './lib/ids.ts';
import type { DataPlane } from './proxy/data-plane.ts';
import type { InFlight } from './proxy/in-flight.ts';
import type { PlaneMetrics } from './proxy/plane-metrics.ts';
import { isV1, v1Listener } from './proxy/listener.ts';
import { isLbOpen } from './listening.ts';
import { playgroundPlugin } from './rest/playground.ts';
import { restPlugin } from './rest/plugin.ts';
import type { ControlPlane } from './services/control-plane.ts';
import type { Upkeep } from './upkeep.ts';
import type { Workspace } from './workspace.ts';

export interface FrontParts {
  plane: DataPlane;
  inFlight: InFlight;
  /** GraphQL queries and mutations under way. */
  operations: InFlight;
  metrics: PlaneMetrics;
  ledger: Ledger;
  remote: RemoteCalls;
  /** Calls of processes that died before this one, which were charged at its start. */
  recoveredHolds: number;
  upkeep: Upkeep;
  /** What happens on the data plane, for whoever looks on. */
  told: { settled: Broadcast<CallRecord>; refused: Broadcast<GatewayError> };
}

/** The HTTP listener with every face mounted on it. */
export async function createFront(
  space: Workspace,
  parts: FrontParts,
  services: ControlPlane,
): Promise<FastifyInstance> {
  const { plane, inFlight, metrics } = parts;
  const onRefused = (error: GatewayError) => {
    metrics.refused(error);
    parts.told.refused.publish(error);
  };
  const v1 = v1Listener({ plane, inFlight, logger: space.logger, onRefused });
  const graphql = createGraphql(space, parts, services);
  const app = fastify({
    // The data plane stands before the router, of which it needs nothing (docs/adr/0004).
    serverFactory: (routed) =>
      createEdgeServer(
        (request, response) =>
          isV1(request.url ?? '') ? v1(request, response) : routed(request, response),
        graphql.sockets,
      ),
    // The edge answers these; Fastify would answer a second time.
    clientErrorHandler: () => undefined,
    genReqId: () => newId(),
    forceCloseConnections: 'idle',
    logger: false,
  });
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.setNotFoundHandler((request) => {
    throw new GatewayError(
      'not_found',
      `Invalid URL (${request.method} ${request.url.split('?')[0]})`,
    );
  });
  app.setErrorHandler((thrown, request, reply) => {
    const error = fromFramework(thrown);
    if (error.row.fault === 'platform') {
      space.logger.error({ requestId: request.id, err: thrown }, 'request failed');
    }
    const { status, headers, body } = renderOpenAiError(error);
    return reply.code(status).headers(headers).send(body);
  });
  app.addHook('preClose', () => graphql.connections.close());
  await app.register(named('rest', restPlugin), restParts(space, parts, services));
  await app.register(named('graphql', graphqlPlugin), graphql.faces);
  await app.register(named('playground', playgroundPlugin), {});
  return app;
}

/** Fastify would look for a plugin without a name of its own among all modules that were loaded. */
const named = <T extends object>(name: string, plugin: T): T =>
  Object.assign(plugin, { [Symbol.for('fastify.display-name')]: name });

/** One schema for every way in: requests, sockets, streams of events. */
function createGraphql(
  { clock, config, logger }: Workspace,
  { metrics, operations }: FrontParts,
  services: ControlPlane,
) {
  const schema = schemaOfDecorators();
  const judge = createJudge(schema, { isIntrospectable: config.graphqlIntrospection });
  const operationMetrics = new OperationMetrics(metrics.registry);
  const parts = {
    services,
    schema,
    judge,
    clock,
    logger,
    operations,
    metrics: operationMetrics,
  };
  const connections = new LiveConnections({ clock, authenticator: services.authenticator });
  operationMetrics.watch(() => connections.size);
  const streams = eventStreams(parts, connections);
  return {
    connections,
    sockets: new GraphqlSockets(parts, GRAPHQL_PATH, connections),
    faces: { ...parts, streams },
  };
}

function restParts(space: Workspace, parts: FrontParts, { authenticator }: ControlPlane) {
  const { config, clock } = space;
  const { metrics, upkeep } = parts;
  const { directory, balances, discovery } = upkeep;
  return {
    clock,
    authenticator,
    isOpen: isLbOpen(config),
    isRouterHealth:
      config.healthStyle === 'auto' ? config.hasFilePools : config.healthStyle === 'router',
    credentials: () =>
      directory.all().flatMap((pool) =>
        pool.members.map((member) => ({
          name: member.name,
          balanceNano: member.balanceNano,
          usedNano: member.balanceUsedNano,
          checkedAtMs: member.balanceCheckedAtMs,
          isUsable: pool.isUsable(member, clock.now()),
        })),
      ),
    notReady: () => notReady(parts),
    refresh: () => Promise.all([balances.refresh(), discovery.refresh()]),
    metrics: async () => ({
      contentType: metrics.registry.contentType,
      text: await metrics.registry.metrics(),
    }),
  };
}
