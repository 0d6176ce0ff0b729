import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import { inspect } from './inspect.ts';
import { closeSoon, isRefused, refuse, refuseConnection } from './refuse.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Who takes connections that leave HTTP behind. */
export interface Upgrades {
  /** Whether the request is for that; one that is not is answered as if nobody could switch. */
  isFor(request: IncomingMessage): boolean;
  /** Has the connection from now on, unless it throws. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Limits of a connection, milliseconds and bytes; each closes what an idle or hostile peer could hold. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 300_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 2000,
  maxHeaderSize: 16 * 1024,
};

/** Codes of Node's HTTP parser that are more than a bad request. */
const PARSER_ERRORS: Record<string, GatewayError> = {
  HPE_HEADER_OVERFLOW: new GatewayError('header_fields_too_large', 'The headers are too large.'),
  ERR_HTTP_REQUEST_TIMEOUT: new GatewayError(
    'request_timeout',
    'The request took too long to arrive.',
  ),
};

/** What follows on a connection that left HTTP would be mixed with the answer before it. */
const OUT_OF_TURN = new GatewayError(
  'invalid_request',
  'Wait for the answer before switching protocols.',
);

/** Errors of a connection that no answer can reach. */
const GONE = new Set(['ECONNRESET', 'HPE_INVALID_EOF_STATE']);

/**
 * The HTTP server that all faces are mounted on. Requests that could be read in two ways are
 * refused here, before any router sees them, in OpenAI's error form; nothing that follows them on
 * their connection is executed.
 */
export function createEdgeServer(listener: Listener, upgrades?: Upgrades): Server {
  /** The newest request of each connection; answers end in order, so it is the last to end. */
  const newest = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>();

  const accept = (request: IncomingMessage, response: ServerResponse) => {
    if (isRefused(request.socket)) {
      request.resume();
      return;
    }
    newest.set(request.socket, { request, response });
    const error = inspect(request);
    if (error === null) listener(request, response);
    else refuse(request, response, error, newId());
  };

  const server = createServer(
    // Node would answer a missing Host in its own words; `inspect` answers it in ours.
    {
      ...LIMITS,
      insecureHTTPParser: false,
      requireHostHeader: false,
      shouldUpgradeCallback: (request) => upgrades?.isFor(request) === true,
    },
    accept,
  );
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    // Node listens to the socket no more, and whoever is to have it does not yet.
    socket.on('error', () => socket.destroy());
    if (isRefused(socket)) {
      socket.resume();
      return;
    }
    const earlier = newest.get(socket)?.response;
    if (earlier?.closed === false) {
      refuseConnection(socket, OUT_OF_TURN, newId(), earlier);
      return;
    }
    const error = upgrade({ request, socket, head }, upgrades);
    if (error !== null) refuseConnection(socket, error, newId());
  });
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    continueWhenRead(request, response);
    accept(request, response);
  });
  // `inspect` knows what is wrong with it.
  server.on('checkExpectation', accept);
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    refuseConnection(
      socket,
      new GatewayError('method_not_allowed', 'This is not a proxy: CONNECT is not served.'),
      newId(),
    );
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // Bytes after a refusal fail too, and are thrown away by it.
    if (isRefused(socket)) return;
    // A client that ends its side in the middle of a body is gone, as one that resets is.
    if (GONE.has(error.code ?? '') || !socket.writable) {
      socket.destroy();
      return;
    }
    const refusal =
      PARSER_ERRORS[error.code ?? ''] ??
      new GatewayError('invalid_request', 'The request is not valid HTTP.');
    refuseBrokenBytes(socket, newest.get(socket), refusal);
  });
  return server;
}

/** Hands the connection over, or says why not. */
function upgrade(
  { request, socket, head }: { request: IncomingMessage; socket: Socket; head: Buffer },
  upgrades: Upgrades | undefined,
): GatewayError | null {
  const error = inspect(request, true);
  if (error !== null) return error;
  try {
    upgrades?.take(request, socket, head);
    return null;
  } catch (thrown) {
    return GatewayError.from(thrown);
  }
}

/**
 * `100 Continue` is written when somebody reads the body, so that a call that is refused for its key
 * or its length costs its client no upload. A client that was not told to go on may send its body
 * or its next request: nobody can know, so the connection ends with the answer (RFC 9110 §10.1.1).
 */
function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read;
  response.setHeader('connection', 'close');
  request._read = (size) => {
    request._read = read;
    if (!response.headersSent) {
      response.removeHeader('connection');
      response.writeContinue();
    }
    request._read(size);
  };
}

/** Bytes that are no HTTP: of the newest request's body, or after it. */
function refuseBrokenBytes(
  socket: Socket,
  newest: { request: IncomingMessage; response: ServerResponse } | undefined,
  error: GatewayError,
): void {
  if (newest === undefined || newest.response.closed) {
    refuseConnection(socket, error, newId());
  } else if (newest.request.complete) {
    refuseConnection(socket, error, newId(), newest.response);
  } else if (newest.response.headersSent) {
    closeSoon(socket);
  } else {
    refuse(newest.request, newest.response, error, newId());
  }
}
