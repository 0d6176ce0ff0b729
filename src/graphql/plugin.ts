import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Logger } from '../lib/logger.ts';
import type { ControlPlane } from '../services/control-plane.ts';
import type { Context } from './context.ts';
import { graphqlError, told } from './errors.ts';
import { createLoaders } from './loaders.ts';
import { createSchema } from './schema.ts';

export interface GraphqlParts {
  services: ControlPlane;
  logger: Logger;
}

export const GRAPHQL_PATH = '/graphql';

/** The control plane in GraphQL: queries and mutations over HTTP. */
export async function graphqlPlugin(app: FastifyInstance, parts: GraphqlParts): Promise<void> {
  const server = new ApolloServer<Context>({
    schema: createSchema(),
    // The process has signals of its own.
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    plugins: [ApolloServerPluginLandingPageDisabled()],
    formatError: (formatted, thrown) => told(formatted, thrown, ''),
  });
  await server.start();
  app.addHook('onClose', () => server.stop());
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    handler: fastifyApolloHandler(server, { context: (request) => contextOf(request, parts) }),
  });
}

async function contextOf(
  { id, headers }: FastifyRequest,
  { services }: GraphqlParts,
): Promise<Context> {
  const actor = await services.authenticator.actorOf(headers.authorization);
  if (actor === null) {
    throw graphqlError(
      new GatewayError(
        'invalid_admin_secret',
        'Say who you are: `authorization: Bearer` and the admin secret, an admin token or a user token.',
      ),
      id,
    );
  }
  return {
    actor: { ...actor, requestId: id },
    services,
    loaders: createLoaders(services),
    requestId: id,
  };
}
