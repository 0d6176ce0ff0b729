import type { ExecutionResult, GraphQLError } from 'graphql';
import { makeServer } from 'graphql-ws';
import type { Server, SubscribePayload } from 'graphql-ws';
import { GatewayError } from '../errors/gateway-error.ts';
import { SlowConsumer } from '../lib/broadcast.ts';
import { newId } from '../lib/ids.ts';
import type { Actor } from '../services/actor.ts';
import { graphqlError } from './errors.ts';
import { ENDINGS } from './live-connections.ts';
import type { LiveConnections } from './live-connections.ts';
import { perform, shown, shownErrors, subscribe } from './live-execution.ts';
import { prepare } from './live-operation.ts';
import type { LiveParts } from './live-operation.ts';
import type { SocketSession } from './socket-session.ts';

/** Operations that one socket carries at a time. */
const OPERATIONS_MAX = 20;

/** What graphql-ws is to do with messages: who may speak, what is executed, what is told. */
export function socketProtocol(
  parts: LiveParts,
  connections: LiveConnections,
): Server<SocketSession> {
  const { services, logger } = parts;
  const { authenticator } = services;
  /** Each operation is a request of its own. */
  const requestIds = new WeakMap<SubscribePayload, string>();
  const requestIdOf = (payload: SubscribePayload) => requestIds.get(payload) ?? '';

  /** Ends the session of one who may not be here any more. */
  const actorOf = (session: SocketSession): Actor | null => {
    const { actor } = session;
    if (actor !== null && authenticator.isValid(actor)) return actor;
    session.end(ENDINGS.notAllowed);
    return null;
  };

  return makeServer<Record<string, unknown>, SocketSession>({
    // The session keeps the time, by the clock that everything here goes by.
    connectionInitWaitTimeout: 0,
    execute: (args) => perform(parts, args),
    subscribe: (args) => subscribe(parts, args),
    async onConnect({ extra: session, connectionParams }) {
      session.begun();
      const actor = await authenticator
        .actorOf(authorizationIn(connectionParams) ?? session.authorization)
        .catch((error: unknown) => {
          if (error instanceof GatewayError && error.row.fault === 'client') return null;
          throw error;
        });
      if (actor !== null && !connections.hasRoomFor(actor)) session.end(ENDINGS.tooMany);
      else session.actor = actor;
      return session.actor !== null;
    },
    onSubscribe({ extra: session, subscriptions }, _id, payload) {
      const requestId = newId();
      requestIds.set(payload, requestId);
      const actor = actorOf(session);
      if (actor === null) return [graphqlError(NOT_ALLOWED, requestId)];
      if (Object.keys(subscriptions).length > OPERATIONS_MAX) {
        return [graphqlError(TOO_MANY, requestId)];
      }
      const prepared = prepare(parts, payload, { actor, requestId });
      return 'args' in prepared ? prepared.args : prepared.errors;
    },
    onNext(...[{ extra: session }, _id, payload, _args, result]) {
      // A session that has ended sends nothing.
      actorOf(session);
      return shown(result as ExecutionResult, requestIdOf(payload), logger);
    },
    onError({ extra: session }, _id, payload, errors) {
      if (errors.some(isTooSlow)) session.end(ENDINGS.tooSlow);
      return shownErrors(errors, requestIdOf(payload), logger);
    },
  });
}

const NOT_ALLOWED = new GatewayError('permission_denied', ENDINGS.notAllowed.reason);
const TOO_MANY = new GatewayError(
  'overloaded',
  `A socket carries ${OPERATIONS_MAX} operations at a time: complete one, or open another socket.`,
);

const isTooSlow = ({ originalError }: GraphQLError): boolean =>
  originalError instanceof SlowConsumer;

/** As browsers show it, which cannot set headers of a socket. */
function authorizationIn(params: Record<string, unknown> | undefined): string | undefined {
  const found = Object.entries(params ?? {}).find(
    ([name]) => name.toLowerCase() === 'authorization',
  )?.[1];
  return typeof found === 'string' ? found : undefined;
}
