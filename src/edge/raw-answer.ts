import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayError } from '../errors/gateway-error.ts';
import { renderOpenAiError } from '../errors/openai.ts';

/** A client that is refused while it still sends gets this long to read the refusal. */
const LINGER_MS = 1000;
/** What it may still send meanwhile; it is thrown away unread. */
const LINGER_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Answers on the bare connection and closes it: for requests that never became one, and for bodies
 * that are not worth reading. Closing at once would reset the connection and could take the answer
 * away from a client that is still sending.
 */
export function answerAndClose(socket: Socket, error: GatewayError, requestId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = renderOpenAiError(error);
  const all = { ...headers, 'x-request-id': requestId, connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n`);
  socket.end(body);
  linger(socket);
}

function linger(socket: Socket): void {
  let discarded = 0;
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    discarded += bytes.length;
    if (discarded > LINGER_BYTES_MAX) socket.destroy();
  });
  socket.on('end', () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(timer));
}
