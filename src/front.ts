import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { Ledger } from './accounting/ledger/ledger.ts';
import { createControlPlane, notReady } from './control-plane.ts';
import { createEdgeServer } from './edge/server.ts';
import { GatewayError } from './errors/gateway-error.ts';
import { renderOpenAiError } from './errors/openai.ts';
import { graphqlPlugin } from './graphql/plugin.ts';
import { newId } from './lib/ids.ts';
import type { DataPlane } from './proxy/data-plane.ts';
import type { InFlight } from './proxy/in-flight.ts';
import type { PlaneMetrics } from './proxy/plane-metrics.ts';
import { isV1, v1Listener } from './proxy/listener.ts';
import { restPlugin } from './rest/plugin.ts';
import type { Upkeep } from './upkeep.ts';
import type { Workspace } from './workspace.ts';

export interface FrontParts {
  plane: DataPlane;
  inFlight: InFlight;
  metrics: PlaneMetrics;
  ledger: Ledger;
  upkeep: Upkeep;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** The HTTP listener with every face mounted on it. */
export async function createFront(space: Workspace, parts: FrontParts): Promise<FastifyInstance> {
  const { plane, inFlight, metrics } = parts;
  const onRefused = (error: GatewayError) => metrics.refused(error);
  const v1 = v1Listener({ plane, inFlight, logger: space.logger, onRefused });
  const app = fastify({
    // The data plane stands before the router, of which it needs nothing (docs/adr/0004).
    serverFactory: (routed) =>
      createEdgeServer((request, response) =>
        isV1(request.url ?? '') ? v1(request, response) : routed(request, response),
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
  await app.register(restPlugin, restParts(space, parts));
  const services = createControlPlane(space, parts);
  await app.register(graphqlPlugin, { services, logger: space.logger });
  return app;
}

/** Fastify's own refusals carry a status; anything else unknown is ours to answer for. */
function fromFramework(thrown: unknown): GatewayError {
  const { statusCode } = thrown as { statusCode?: unknown };
  if (thrown instanceof GatewayError || typeof statusCode !== 'number' || statusCode >= 500) {
    return GatewayError.from(thrown);
  }
  if (statusCode === 413)
    return new GatewayError('payload_too_large', 'The request body is too large.');
  if (statusCode === 415)
    return new GatewayError('unsupported_media_type', 'Unsupported media type.');
  return new GatewayError('invalid_request', 'The request is not valid.');
}

function restParts(space: Workspace, parts: FrontParts) {
  const { config, clock, secrets } = space;
  const { metrics, upkeep } = parts;
  const { directory, balances, discovery } = upkeep;
  const isLoopback = LOOPBACK.has(config.host);
  return {
    clock,
    adminSecret: secrets.admin,
    isOpen: config.lbEndpointsAuth === 'auto' ? isLoopback : config.lbEndpointsAuth === 'open',
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
