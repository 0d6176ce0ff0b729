import { once } from 'node:events';
import type {
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import { boundPings } from './pings.ts';

/** What comes with a call besides what grpc-js hands on. */
export interface Arrival {
  readonly stream: ServerHttp2Stream;
  /** Each `authorization` that was sent: of several, Node would keep the first alone. */
  readonly authorizations: readonly string[];
  /** Why it cannot be answered, whoever asks. */
  readonly refusal: GatewayError | null;
}

export interface ListenerParts {
  clock: Clock;
  /** Told of calls of methods that are none, which are answered by grpc-js. */
  onArrival(path: string): void;
}

const CONNECTIONS_MAX = 1000;
const STREAMS_MAX = 100;
/** Of a call, uncompressed, as HTTP/2 counts: so many more for each entry. */
const METADATA_BYTES_MAX = 8 * 1024;
const ENTRY_BYTES = 32;
/** For clients that are told to go. */
const GOODBYE_MS = 1000;

/** The longest that Node's timers can wait; grpc-js would take a deadline beyond as passed. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000 };

/**
 * The port, its connections, and what HTTP/2 can be bounded by. grpc-js is handed connections that are
 * made here: it would bind without a bound on them, and keep its HTTP/2 server to itself.
 */
export class Listener {
  readonly #parts: ListenerParts;
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #port = createServer({ noDelay: true });
  #arrival: Arrival | undefined;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#port.maxConnections = CONNECTIONS_MAX;
  }

  /** The call that is arriving: to be asked for by its interceptors, when they are made. */
  get arrival(): Arrival {
    if (this.#arrival === undefined) throw new Error('no call is arriving');
    return this.#arrival;
  }

  /** Serves what comes by the server, from the next connection on. */
  attach(server: Server, credentials: ServerCredentials): void {
    const before = new Set(http2ServersOf(server));
    const injector = server.createConnectionInjector(credentials);
    const [http2] = http2ServersOf(server).filter((one) => !before.has(one));
    if (http2 === undefined) throw new Error('grpc-js has no HTTP/2 server');
    http2.updateSettings({
      maxConcurrentStreams: STREAMS_MAX,
      maxHeaderListSize: METADATA_BYTES_MAX,
    });
    http2.on('session', (session) => this.#open(session));
    // Before grpc-js, which makes the interceptors of the call while it hears of it.
    http2.prependListener('stream', (stream, headers, _flags, rawHeaders) =>
      this.#arrive(stream as ServerHttp2Stream, headers, rawHeaders),
    );
    this.#port.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      injector.injectConnection(socket);
    });
  }

  /** The port, once it is open. */
  async listen(port: number, host: string): Promise<number> {
    this.#port.listen(port, host);
    await once(this.#port, 'listening');
    return (this.#port.address() as AddressInfo).port;
  }

  /** Sends everybody away who is here (GOAWAY); what they have under way goes on. */
  goAway(): void {
    for (const session of this.#sessions) session.close();
  }

  /** Lets nobody in any more, and sees that all go. */
  async close(): Promise<void> {
    const closed = this.#port.listening ? once(this.#port, 'close') : undefined;
    this.#port.close();
    this.goAway();
    const patience = this.#parts.clock.after(GOODBYE_MS, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    await closed;
    patience.cancel();
  }

  #open(session: ServerHttp2Session): void {
    boundPings(session, this.#parts.clock);
    this.#sessions.add(session);
    session.on('close', () => this.#sessions.delete(session));
  }

  #arrive(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]): void {
    if (isBeyondTimers(headers['grpc-timeout'])) delete headers['grpc-timeout'];
    const authorizations = rawHeaders.filter(
      (_text, index) => index % 2 === 1 && rawHeaders[index - 1] === 'authorization',
    );
    this.#arrival = { stream, authorizations, refusal: refusalOf(headers, rawHeaders) };
    this.#parts.onArrival(headers[':path'] ?? '');
  }
}

function refusalOf(headers: IncomingHttpHeaders, rawHeaders: string[]): GatewayError | null {
  // Node refuses it itself once the client has said that it knows the bound, which it need not.
  const bytes = rawHeaders.reduce((sum, text) => sum + text.length + ENTRY_BYTES / 2, 0);
  if (bytes > METADATA_BYTES_MAX) {
    const text = `The metadata of a call has at most ${METADATA_BYTES_MAX} bytes.`;
    return new GatewayError('header_fields_too_large', text);
  }
  if ((headers['grpc-encoding'] ?? 'identity') === 'identity') return null;
  // grpc-js would unpack all that has come at once, each message to what it may have at most.
  return new GatewayError('unsupported_media_type', 'Send messages as they are, not compressed.');
}

/** What grpc-js shows to nobody; that it is there is held by tests of the limits. */
const http2ServersOf = (server: Server): Http2Server[] => [
  ...(server as unknown as { http2Servers: ReadonlyMap<Http2Server, unknown> }).http2Servers.keys(),
];

function isBeyondTimers(timeout: unknown): boolean {
  const [, amount, unit = ''] = /^(\d{1,8})([HMS])$/.exec(String(timeout)) ?? [];
  return Number(amount ?? 0) * (UNITS_MS[unit] ?? 0) > TIMER_MS_MAX;
}
