import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream';
import type { GatewayError } from '../errors/gateway-error.ts';
import { renderOpenAiError } from '../errors/openai.ts';

/**
 * A client that is refused while it still sends may go on until it was quiet for this long, so many
 * times over at most. What it sends is thrown away: closing on unread bytes would reset the
 * connection, and a reset takes the answer away from the client.
 */
const QUIET_MS = 1000;
const QUIET_WAITS_MAX = 10;

const refused = new WeakSet<Socket>();

/** After a refusal nothing else on the connection may be executed: where it begins is in doubt. */
export const isRefused = (socket: Socket): boolean => refused.has(socket);

/**
 * Answers a request and closes its connection once the rest of its body was thrown away. Goes through
 * the response object, so that it waits for the answers to earlier requests of the connection. The
 * answer's length is told, so that its reader need not wait for the end.
 */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: GatewayError,
  requestId: string,
): void {
  refused.add(request.socket);
  const { status, headers, body } = renderOpenAiError(error);
  response.writeHead(status, { ...headers, 'x-request-id': requestId, connection: 'close' });
  response.write(body);
  const stopWaiting = whenQuiet(request.socket, () => response.end());
  finished(request, { writable: false }, () => {
    stopWaiting();
    response.end();
  });
  request.resume();
  // Node forgets a request once it is answered: whoever still waits for its body must be told.
  response.once('close', () => request.destroy());
}

/**
 * The same for bytes that never became a request.
 * @param earlier the answer that is under way on the connection, which ends first
 */
export function refuseConnection(
  socket: Socket,
  error: GatewayError,
  requestId: string,
  earlier?: ServerResponse,
): void {
  refused.add(socket);
  const answer = () => {
    if (socket.writable) socket.write(wireForm(error, requestId));
    closeSoon(socket);
  };
  if (earlier === undefined) answer();
  else earlier.once('close', answer);
}

function wireForm(error: GatewayError, requestId: string): Buffer {
  const { status, headers, body } = renderOpenAiError(error);
  const all = { ...headers, 'x-request-id': requestId, connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** Says no more, and closes when the peer has stopped sending or the time is up. */
export function closeSoon(socket: Socket): void {
  refused.add(socket);
  socket.end();
  socket.resume();
  const stopWaiting = whenQuiet(socket, () => socket.destroy());
  socket.once('close', stopWaiting);
}

/** Calls `run` once the peer sends no more, or has sent for too long; returns how to call it off. */
function whenQuiet(socket: Socket, run: () => void): () => void {
  let { bytesRead } = socket;
  let waits = 0;
  const timer = setInterval(() => {
    const isSending = socket.bytesRead !== bytesRead;
    ({ bytesRead } = socket);
    waits += 1;
    if (isSending && waits < QUIET_WAITS_MAX) return;
    clearInterval(timer);
    run();
  }, QUIET_MS).unref();
  return () => clearInterval(timer);
}
