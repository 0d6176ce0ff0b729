import type { FastifyReply, FastifyRequest } from 'fastify';
import { isForeignPage } from '../../edge/foreign-page.ts';
import { fromFramework } from '../../edge/from-framework.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import { retryHeaders } from '../../errors/openai.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Actor } from '../../services/actor.ts';
import type { Authenticator } from '../../services/authenticator.ts';
import { graphqlError } from '../errors.ts';
import { takesEvents } from '../sse.ts';
import { mediaTypeFor } from './media-types.ts';

const ACTOR = 'actor';

/** Whoever `openGate` let in. */
export const actorOf = (request: FastifyRequest): Actor => request.getDecorator<Actor>(ACTOR);

/**
 * Before a byte of the body is read: who asks, from where, and whether they could read the answer.
 * Who is nobody is told nothing else.
 */
export const openGate =
  (authenticator: Authenticator) =>
  async (request: FastifyRequest): Promise<void> => {
    const { headers } = request;
    const actor = await authenticator.actorOf(headers.authorization);
    if (actor === null) {
      throw new GatewayError(
        'unauthenticated',
        'Say who you are: `authorization: Bearer` and the admin secret, an admin token or a user token.',
      );
    }
    if (isForeignPage(headers)) {
      throw new GatewayError('permission_denied', 'Pages of other sites may not ask here.');
    }
    if (mediaTypeFor(headers.accept) === null && !takesEvents(request)) {
      throw new GatewayError(
        'not_acceptable',
        'Answers are application/graphql-response+json or application/json, in UTF-8.',
      );
    }
    request.setDecorator<Actor>(ACTOR, actor);
  };

/** An answer to a request that never became an operation, in GraphQL's form. */
export const refusal =
  (logger: Logger) =>
  (thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = fromFramework(thrown);
    const { code, message, row, retryAfterMs } = error;
    const facts = { requestId: request.id, code, status: row.http };
    if (row.fault === 'platform') logger.error({ ...facts, err: thrown }, 'graphql failed');
    else logger.info(facts, 'graphql refused');
    if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
    if (retryAfterMs !== undefined) reply.headers(retryHeaders(retryAfterMs));
    const type = mediaTypeFor(request.headers.accept) ?? 'application/json';
    const { extensions } = graphqlError(error, request.id);
    return reply
      .code(row.http)
      .type(`${type}; charset=utf-8`)
      .send(JSON.stringify({ errors: [{ message, extensions }] }));
  };
