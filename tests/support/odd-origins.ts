import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
} from 'node:tls';
import { Worker } from 'node:worker_threads';
import { generate } from 'selfsigned';

// Upstreams that are wrong below HTTP: what no fault of the sandbox can be, because the connection
// never gets as far as a request, or because the trouble is in TLS.

const HOST = '127.0.0.1';

export interface OddOrigin {
  /** As the configuration of a credential wants it, with `/v1`. */
  baseUrl: string;
  /** Connections that were accepted so far. */
  readonly connections: number;
  /** Bytes of the clients' that were read so far; behind TLS, those of requests alone. */
  readonly bytesRead: number;
  close(): Promise<void>;
}

type Scheme = 'http' | 'https';

const baseUrlOf = (port: number, scheme: Scheme = 'http'): string =>
  `${scheme}://${HOST}:${port}/v1`;

/** A listener that does one thing with each connection; its sockets die with it. */
async function listen(server: Server, scheme: Scheme): Promise<OddOrigin> {
  const sockets = new Set<Socket>();
  const origin = { connections: 0, bytesRead: 0 };
  server.on('connection', (socket: Socket) => {
    origin.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client that breaks off is what most of these are there to see.
    socket.on('error', () => undefined);
  });
  const talks = server.listenerCount('secureConnection') > 0 ? 'secureConnection' : 'connection';
  server.on(talks, (socket: Socket) => {
    if (socket.isPaused()) return;
    socket.on('data', (bytes) => (origin.bytesRead += bytes.length));
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(origin, {
    baseUrl: baseUrlOf(port, scheme),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  });
}

/**
 * Nobody listens (U01). The port is held by a connection that goes out from it, so that it cannot
 * become somebody's in the meantime. Connections are refused before they could be counted.
 */
export async function refusingOrigin(): Promise<OddOrigin> {
  const keeper = createServer().listen(0, HOST);
  await once(keeper, 'listening');
  const holder = connect((keeper.address() as AddressInfo).port, HOST);
  const [, [kept]] = await Promise.all([once(holder, 'connect'), once(keeper, 'connection')]);
  return {
    baseUrl: baseUrlOf(holder.localPort ?? 0),
    connections: 0,
    bytesRead: 0,
    async close() {
      const closed = once(keeper, 'close');
      keeper.close();
      holder.destroy();
      (kept as Socket).destroy();
      await closed;
    },
  };
}

/** Accepts, and resets at once (U11). */
export const resettingOrigin = (): Promise<OddOrigin> =>
  listen(
    createServer((socket) => socket.resetAndDestroy()),
    'http',
  );

/** Accepts, and neither reads nor says a byte: a black hole, or a TLS handshake that stalls (U09). */
export const silentOrigin = (scheme: Scheme = 'http'): Promise<OddOrigin> =>
  listen(createServer({ pauseOnConnect: true }), scheme);

/** What a TLS server says to one that speaks plainly: fatal alert, protocol version. */
export const TLS_ALERT = Buffer.from([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]);

/** Says the same to whatever comes first, and closes: the other protocol on a port, or none (U10). */
export const sayingOrigin = (bytes: string | Buffer, scheme: Scheme = 'http'): Promise<OddOrigin> =>
  listen(
    createServer((socket) => socket.once('data', () => socket.end(bytes))),
    scheme,
  );

/** Listens with a queue of one and never accepts: its thread sleeps until it is terminated. */
const NEVER_ACCEPTS = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '${HOST}', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/** More than any kernel queues for a backlog of one. */
const FILLERS = 8;

/**
 * The accept queue is full, so that connecting neither succeeds nor fails (U02, U15). Linux drops the
 * first packet of such connections; a kernel with tcp_abort_on_overflow would refuse some instead.
 */
export async function fullOrigin(): Promise<OddOrigin> {
  const worker = new Worker(NEVER_ACCEPTS, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = Array.from({ length: FILLERS }, () => connect(port, HOST));
  for (const filler of fillers) filler.on('error', () => undefined);
  await Promise.race(fillers.map((filler) => once(filler, 'connect')));
  return {
    baseUrl: baseUrlOf(port),
    connections: 0,
    bytesRead: 0,
    async close() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

interface Certificate {
  names: { type: 2 | 7; value?: string; ip?: string }[];
  until: string;
  isTrusted: boolean;
}

const ours: Certificate['names'] = [
  { type: 7, ip: HOST },
  { type: 2, value: 'localhost' },
];

/** Each is right but for what its name says. */
const CERTIFICATES = {
  valid: { names: ours, until: '2125-01-01', isTrusted: true },
  expired: { names: ours, until: '2021-01-01', isTrusted: true },
  'wrong-host': {
    names: [{ type: 2, value: 'elsewhere.test' }],
    until: '2125-01-01',
    isTrusted: true,
  },
  'self-signed': { names: ours, until: '2125-01-01', isTrusted: false },
} satisfies Record<string, Certificate>;

export type CertificateKind = keyof typeof CERTIFICATES;

const trusted = new Set<string>();
const usual = getCACertificates('default');

/** What this process trusts; connections that are opened later go by it. */
const trust = (): void => setDefaultCACertificates([...usual, ...trusted]);

/** A sandbox (or any other server at `targetUrl`) behind TLS with such a certificate (U08). */
export async function tlsOrigin(kind: CertificateKind, targetUrl: string): Promise<OddOrigin> {
  const { names, until, isTrusted } = CERTIFICATES[kind];
  const made = await generate([{ name: 'commonName', value: 'test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date('2020-01-01'),
    notAfterDate: new Date(until),
    extensions: [{ name: 'subjectAltName', altNames: names }],
  });
  const { hostname, port } = new URL(targetUrl);
  const server = createTlsServer({ key: made.private, cert: made.cert }, (front) => {
    const back = connect(Number(port), hostname);
    front.pipe(back).pipe(front);
    front.on('error', () => undefined).on('close', () => back.destroy());
    back.on('error', () => undefined).on('close', () => front.destroySoon());
  });
  if (isTrusted) trusted.add(made.cert);
  trust();
  const origin = await listen(server, 'https');
  const close = origin.close.bind(origin);
  return Object.assign(origin, {
    async close() {
      await close();
      trusted.delete(made.cert);
      trust();
    },
  });
}
