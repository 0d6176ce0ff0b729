import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer as createNetServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach } from '@jest/globals';
import type { UsageRecord } from '../../../src/entities/usage-record.ts';
import type { FinishedEntry, WitnessEntry } from '../../../src/sandbox/index.ts';
import { isOwnAsk } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';

export { until } from '../../support/patience.ts';

const open: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** Runs when the test is over. */
export function afterwards(close: () => Promise<void> | void): void {
  open.push(close);
}

/** Base URL of an address of this machine where nobody listens. */
export async function deadBaseUrl(): Promise<string> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return `http://127.0.0.1:${port}/v1`;
}

/** Fields of a pool whose credentials live at these base URLs. */
export const poolAt = (...baseUrls: string[]) => ({
  credentials: baseUrls.map((baseUrl, index) => ({
    name: `cred-${index + 1}`,
    provider: 'openai-compatible',
    api_key: `sk-elsewhere-${index + 1}`,
    base_url: baseUrl,
  })),
});

export interface Upstream {
  baseUrl: string;
  /** Bodies as they arrived, one for each request. */
  bodies: Buffer[];
}

/** An upstream of the test's own making; `answer` is called once the request's body is whole. */
export async function startUpstream(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  onHead: (request: IncomingMessage) => void = () => undefined,
): Promise<Upstream> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/v1/models') {
      response.writeHead(404).end();
      return;
    }
    onHead(request);
    const pieces: Buffer[] = [];
    request.on('data', (bytes: Buffer) => pieces.push(bytes));
    request.on('end', () => {
      bodies.push(Buffer.concat(pieces));
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}/v1`, bodies };
}

export const verdictsOf = (record: UsageRecord | undefined): string[] =>
  (record?.attempts ?? []).map((attempt) => attempt.verdict);

/** Calls of clients that reached the fleet. */
export const arrivals = ({ sandbox }: Gateway) =>
  sandbox.witness.entries.filter((entry) => entry.kind === 'received' && !isOwnAsk(entry));

export const isFinished = (entry: WitnessEntry): entry is FinishedEntry =>
  entry.kind === 'finished' && entry.requestId !== null;

/** A client without any library: it decides when to send, read and leave. */
export function rawClient(
  { url, key }: Pick<Gateway, 'url' | 'key'>,
  head: { method?: string; path: string; headers: Record<string, string | number> },
): Socket {
  const { port } = new URL(url);
  const lines = Object.entries({
    host: 'gateway',
    authorization: `Bearer ${key}`,
    ...head.headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  open.push(() => void socket.destroy());
  socket.write(`${head.method ?? 'POST'} ${head.path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return socket;
}

export function chatBody(extra: Record<string, unknown> = {}): string {
  const messages = [{ role: 'user', content: 'Hello' }];
  return JSON.stringify({ model: 'gpt-4o-mini', messages, ...extra });
}

/** A whole chat call on a raw client. */
export function rawChat(gateway: Gateway, extra: Record<string, unknown> = {}): Socket {
  const body = chatBody(extra);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  const socket = rawClient(gateway, { path: '/v1/chat/completions', headers });
  socket.write(body);
  return socket;
}

/** What came over a socket until it closed, or until `isEnough`. */
export function readSocket(
  socket: Socket,
  isEnough: (text: string) => boolean = () => false,
): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (isEnough(text)) resolve(text);
    });
    socket.on('close', () => resolve(text));
  });
}

/** The most second and third attempts that the fleet ever saw under way together. */
export function retriesAtOnce({ sandbox }: Gateway): number {
  const calls = new Set<string>();
  const retries = new Set<number>();
  let most = 0;
  for (const { kind, requestId, callId } of sandbox.witness.entries) {
    if (requestId === null) continue;
    if (kind === 'finished') retries.delete(callId);
    else if (calls.has(requestId)) retries.add(callId);
    else calls.add(requestId);
    most = Math.max(most, retries.size);
  }
  return most;
}
