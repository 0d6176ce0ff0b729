import { ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { hasRole } from '../services/actor.ts';
import type { Actor } from '../services/actor.ts';
import type { Authenticator } from '../services/authenticator.ts';
import { permit } from '../services/policy.ts';
import { FIELDS_MAX, TOO_MANY_FIELDS } from './bounded.ts';
import type { Arrival } from './listener.ts';
import type { Journal } from './journal.ts';
import { OpenRpc, admit } from './open-rpc.ts';
import type { Kind } from './open-rpc.ts';
import type { OpenRpcs } from './open-rpcs.ts';
import { LEAST_ROLE, isOpen, isReflection, permissions } from './permissions.ts';
import { REQUEST_ID } from './status.ts';

export interface GateParts {
  clock: Clock;
  authenticator: Pick<Authenticator, 'actorOf'>;
  rpcs: OpenRpcs;
  journal: Journal;
  /** The call that is arriving just now. */
  arrival(): Arrival;
}

/** Calls with one answer that take longer are given up, whatever their callers would wait. */
export const UNARY_MS_MAX = 60_000;
/** A question is kept until its caller says that it was all: right away, then. */
const HALF_CLOSE_MS = 1000;

/**
 * Before a byte of a message is read: who asks, whether they may, and whether there is room. Every
 * call of a method that there is comes through here, and is told of when it is over.
 */
export const gate =
  (parts: GateParts): ServerInterceptor =>
  ({ path, requestStream, responseStream }, call) => {
    const arrival = parts.arrival();
    const kind = kindOf(path, requestStream, responseStream);
    const { clock, rpcs, journal } = parts;
    const rpc = new OpenRpc({ clock, kind, path, call, stream: arrival.stream });
    if (!responseStream) rpc.endAfter(UNARY_MS_MAX, tooLong);
    let closing: Timer | undefined;
    const over = () => {
      closing?.cancel();
      rpc.over();
      rpcs.leave(rpc);
      journal.ended(rpc);
    };
    const letIn = async (metadata: Metadata, next: (metadata: Metadata) => void) => {
      try {
        await enter(rpc, arrival, parts);
      } catch (thrown) {
        const error = GatewayError.from(thrown);
        journal.failed(rpc, error);
        rpc.end(error);
        return;
      }
      admit(metadata, rpc);
      next(metadata);
    };
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => void letIn(metadata, next))
      .withOnReceiveMessage((message, next) => {
        if (message === TOO_MANY_FIELDS) return rpc.end(tooManyFields());
        if (!requestStream) closing ??= clock.after(HALF_CLOSE_MS, () => rpc.end(notClosed()));
        next(message);
      })
      .withOnReceiveHalfClose((next) => {
        closing?.cancel();
        next();
      })
      .withOnCancel(over)
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendMetadata((metadata, next) => {
        metadata.set(REQUEST_ID, rpc.requestId);
        // grpc-js would offer to unpack more.
        metadata.set('grpc-accept-encoding', 'identity');
        next(metadata);
      })
      .withSendMessage((message, next) => {
        // grpc-js would write it behind the end of the stream, which breaks it off.
        if (!rpc.isEnded) next(message);
      })
      .build();
    return new ServerInterceptingCall(call, responder);
  };

function kindOf(path: string, requestStream: boolean, responseStream: boolean): Kind {
  if (isOpen(path)) return responseStream ? 'health' : 'probe';
  if (requestStream) return 'exchange';
  return responseStream ? 'watch' : 'unary';
}

/** @throws GatewayError that says why not */
async function enter(rpc: OpenRpc, arrival: Arrival, parts: GateParts): Promise<void> {
  if (arrival.refusal !== null) throw arrival.refusal;
  if (!isOpen(rpc.path)) {
    rpc.actor = await actorOf(arrival, parts.authenticator);
    assertMay(rpc.actor, rpc.path);
  }
  // Unless it has left while we asked who it is.
  if (!rpc.isEnded) parts.rpcs.enter(rpc);
}

async function actorOf(
  { authorizations }: Arrival,
  authenticator: GateParts['authenticator'],
): Promise<Actor> {
  if (authorizations.length > 1) {
    // Whoever reads another one of them than we would think otherwise of the call.
    throw new GatewayError('unauthenticated', 'Give `authorization` once.');
  }
  const actor = await authenticator.actorOf(authorizations[0]);
  if (actor !== null) return actor;
  const text =
    'Say who you are: metadata `authorization: Bearer` and the admin secret or an admin token.';
  throw new GatewayError('unauthenticated', text);
}

function assertMay(actor: Actor, path: string): void {
  const operation = permissions.get(path);
  if (operation !== undefined) permit(actor, operation);
  if (hasRole(actor, LEAST_ROLE) && (operation !== undefined || isReflection(path))) return;
  throw new GatewayError('permission_denied', `gRPC needs the role ${LEAST_ROLE}.`);
}

const tooManyFields = () =>
  new GatewayError('invalid_request', `A message has at most ${FIELDS_MAX} fields.`);

const notClosed = () =>
  new GatewayError('request_timeout', 'Say that the message was all: close your half of the call.');

const tooLong = () =>
  new GatewayError(
    'operation_timeout',
    `The call took longer than ${UNARY_MS_MAX / 1000} seconds. What it began may still be done: ask again with the same id.`,
  );
