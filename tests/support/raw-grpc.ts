import { afterEach } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  ClientSessionOptions,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2';

// gRPC as nobody's library would send it.

const sessions: ClientHttp2Session[] = [];

afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});

/** A connection, without a word of gRPC yet. */
export async function rawSession(
  address: string,
  options: ClientSessionOptions = {},
): Promise<ClientHttp2Session> {
  const session = hastySession(address, options);
  await once(session, 'remoteSettings');
  return session;
}

/** One that says things before it has heard what it may say. */
export function hastySession(
  address: string,
  options: ClientSessionOptions = {},
): ClientHttp2Session {
  // May send several of what there is to be one of, which the types know nothing of, and too much.
  const free = { strictSingleValueFields: false, maxSendHeaderBlockLength: 1024 * 1024 };
  const session = connect(`http://${address}`, { ...free, ...options } as object);
  // What it ends with is seen by the calls on it.
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

export interface RawCall {
  path: string;
  token?: string;
  /** Over those that a client would send; an array is sent as several. */
  headers?: Record<string, string | string[]>;
  body?: Buffer;
  /** Whether it says nothing more after that. */
  isOpen?: boolean;
}

export interface RawAnswer {
  headers: IncomingHttpHeaders;
  /** Of the trailers, or of headers alone. */
  code: number | null;
  message: string;
  /** With which code the stream was broken off; 0 when it was not. */
  resetCode: number;
}

/** One message as gRPC frames it. */
export function framed(message: Buffer, isCompressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** A call that is in the hands of the test, half open: nothing of it is read or ended by itself. */
export function rawStream(session: ClientHttp2Session, call: RawCall): ClientHttp2Stream {
  const sent: OutgoingHttpHeaders = {
    ':method': 'POST',
    ':path': call.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
    ...call.headers,
  };
  const stream = session.request(sent, { endStream: false });
  stream.on('error', () => undefined);
  if (call.body !== undefined) stream.write(call.body);
  return stream;
}

export async function rawCall(session: ClientHttp2Session, call: RawCall): Promise<RawAnswer> {
  const stream = rawStream(session, call);
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on('response', (told) => (headers = told));
  stream.on('trailers', (told) => (trailers = told));
  stream.resume();
  const over = new Promise<void>((resolve) => {
    stream.on('close', () => resolve());
    if (call.isOpen === true) stream.on('end', () => resolve());
    else stream.end();
  });
  await over;
  const told = { ...headers, ...trailers };
  const code = told['grpc-status'];
  const answer = {
    headers,
    code: code === undefined ? null : Number(code),
    message: decodeURIComponent(String(told['grpc-message'] ?? '')),
    resetCode: stream.rstCode,
  };
  stream.destroy();
  return answer;
}
