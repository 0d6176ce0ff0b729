import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect } from '@jest/globals';
import { buildSchema } from 'graphql';
import type { ClientOptions } from 'ws';
import { createEdgeServer } from '../../../src/edge/server.ts';
import { LiveConnections } from '../../../src/graphql/live-connections.ts';
import { OperationMetrics } from '../../../src/graphql/operation-metrics.ts';
import { GraphqlSockets } from '../../../src/graphql/socket.ts';
import { Broadcast } from '../../../src/lib/broadcast.ts';
import { leavable } from '../../../src/lib/leavable.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { Registry } from '../../../src/lib/metrics.ts';
import { InFlight } from '../../../src/proxy/in-flight.ts';
import { ADMIN } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { expectSockets, socketCount } from '../../support/gateway.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { PROTOCOL, RawSocket, rawSockets } from '../../support/raw-socket.ts';

const FRAME_BYTES = 32 * 1024;

/** Sockets on a schema of the test's own and a clock that stands still, to see each limit by itself. */
export interface SocketServer {
  url: string;
  clock: ManualClock;
  connections: LiveConnections;
  /** What `told` tells. */
  told: Broadcast<string>;
  /** How many large messages were made for whoever asked for them. */
  made(): number;
  /** How many subscriptions are under way. */
  underWay(): number;
}

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const ANN: Actor = { name: 'user:ann', role: 'user', userId: 'ann' };
const KNOWN: Readonly<Record<string, Actor>> = { 'Bearer admin': ADMIN, 'Bearer ann': ANN };

/** Lets in whoever shows `Bearer admin`, and `Bearer ann`, who is a user. */
export async function socketServer(): Promise<SocketServer> {
  const before = socketCount();
  const clock = new ManualClock();
  const told = new Broadcast<string>();
  const counts = { made: 0, underWay: 0 };
  const schema = buildSchema(`
    type Query { hello: String broken: String }
    type Subscription { told: String large: String silent: String }
  `);
  const authenticator = {
    actorOf: async (shown = '') => await Promise.resolve(KNOWN[shown] ?? null),
    isValid: () => true,
    onChange: () => () => undefined,
  };
  const streams = {
    told: (signal: AbortSignal) => told.follow(signal),
    async *large(signal: AbortSignal) {
      while (!signal.aborted) {
        counts.made += 1;
        yield 'x'.repeat(FRAME_BYTES);
      }
    },
    silent: (signal: AbortSignal) => new Broadcast<string>().follow(signal),
  };
  const fields = schema.getSubscriptionType()?.getFields() ?? {};
  for (const [name, stream] of Object.entries(streams)) {
    const field = fields[name];
    if (field === undefined) continue;
    field.subscribe = async () =>
      await leavable(async function* (signal) {
        counts.underWay += 1;
        try {
          yield* stream(signal);
        } finally {
          counts.underWay -= 1;
        }
      });
    field.resolve = (value: unknown) => value;
  }
  const queries = schema.getQueryType()?.getFields() ?? {};
  if (queries['hello'] !== undefined) queries['hello'].resolve = () => 'world';
  if (queries['broken'] !== undefined) {
    queries['broken'].resolve = () => {
      throw new Error('a secret of ours');
    };
  }
  const connections = new LiveConnections({ clock, authenticator });
  const parts = {
    schema,
    judge: () => [],
    services: { authenticator, users: {} },
    clock,
    logger: createLogger({ level: 'silent' }),
    operations: new InFlight(50),
    metrics: new OperationMetrics(new Registry()),
  };
  const sockets = new GraphqlSockets(parts as never, '/graphql', connections);
  const server = createEdgeServer((_request, response) => response.end('plain'), sockets);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(async () => {
    const closed = connections.close();
    clock.advance(1000);
    await closed;
    for (const { ws } of rawSockets.splice(0)) ws.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await expectSockets(before);
    expect(counts.underWay).toBe(0);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/graphql`,
    clock,
    connections,
    told,
    made: () => counts.made,
    underWay: () => counts.underWay,
  };
}

export const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await turn();
};

export const rawSocket = async (
  { url }: { url: string },
  options?: ClientOptions,
): Promise<RawSocket> => await new RawSocket(url, options, PROTOCOL).opened();
