import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import { inspect } from './inspect.ts';
import { answerAndClose } from './raw-answer.ts';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Limits of a connection, milliseconds and bytes; each closes what an idle or hostile peer could hold. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 120_000,
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

/**
 * The HTTP server that all faces are mounted on. Requests that could be read in two ways are
 * refused here, before any router sees them, in OpenAI's error form.
 */
export function createEdgeServer(listener: Listener): Server {
  const server = createServer({ ...LIMITS, insecureHTTPParser: false }, (request, response) => {
    const error = inspect(request);
    if (error === null) listener(request, response);
    else answerAndClose(request.socket, error, newId());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const known = PARSER_ERRORS[error.code ?? ''];
    if (error.code === 'ECONNRESET') socket.destroy();
    else
      answerAndClose(
        socket,
        known ?? new GatewayError('invalid_request', 'The request is not valid HTTP.'),
        newId(),
      );
  });
  server.on('checkExpectation', (request: IncomingMessage) => {
    const refusal = new GatewayError(
      'invalid_request',
      'The Expect header asks for something unknown.',
    );
    answerAndClose(request.socket, refusal, newId());
  });
  return server;
}
