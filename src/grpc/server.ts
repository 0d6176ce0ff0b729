import { Server, logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { service as healthDefinition } from 'grpc-health-check';
import type { Settings } from '../config/settings.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Registry } from '../lib/metrics.ts';
import type { Authenticator } from '../services/authenticator.ts';
import { bind } from './bind.ts';
import { bounded } from './bounded.ts';
import { gate } from './gate.ts';
import { Health } from './health.ts';
import { Journal } from './journal.ts';
import { Listener } from './listener.ts';
import type { Methods } from './methods.ts';
import { OpenRpcs } from './open-rpcs.ts';
import { isReflection } from './permissions.ts';
import { loadServices } from './protos.ts';
import { RpcMetrics } from './rpc-metrics.ts';
import { credentialsOf } from './tls.ts';

export type GrpcSettings = Pick<
  Settings,
  'grpcReflection' | 'grpcTlsCert' | 'grpcTlsKey' | 'grpcTlsClientCa'
>;

export interface GrpcParts {
  settings: GrpcSettings;
  clock: Clock;
  logger: Logger;
  registry: Registry;
  authenticator: Authenticator;
  methods: Methods;
  /** Why the server cannot serve now; null when it can. */
  notReady(): string | null;
}

export interface GrpcServer {
  /** Resolves with the port once connections are accepted. */
  listen(port: number, host: string): Promise<number>;
  /** Refuses new calls, ends streams, sends clients away; resolves when no call is under way. */
  drain(): Promise<void>;
  /** Ends calls under way now. */
  abort(): void;
  /** Ends what is left and closes the port. */
  close(): Promise<void>;
}

const MESSAGE_BYTES_MAX = 1024 * 1024;

/** Milliseconds. A peer that is gone without a word is found out, and one that only sits there leaves. */
const CONNECTION = {
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_connection_idle_ms': 900_000,
};

// What it would print on standard error has in it what clients sent, tokens included.
setLogVerbosity(logVerbosity.NONE);

/** The contract of protos/ on a port of its own. */
export async function createGrpcServer(parts: GrpcParts): Promise<GrpcServer> {
  const { settings, clock, logger, registry, authenticator, notReady } = parts;
  const credentials = credentialsOf(settings);
  const rpcs = new OpenRpcs({ clock, authenticator });
  const metrics = new RpcMetrics(registry, () => rpcs.streams);
  const journal = new Journal({ clock, logger, metrics });
  const services = loadServices();
  const paths = new Set(
    [...services.values(), healthDefinition].flatMap((definition) =>
      Object.values(definition).map(({ path }) => path),
    ),
  );
  const isMethod = (path: string) =>
    paths.has(path) || (settings.grpcReflection && isReflection(path));
  const listener = new Listener({
    clock,
    onArrival: (path) => {
      if (!isMethod(path)) journal.unknown();
    },
  });
  const arrival = () => listener.arrival;
  const server = new Server({
    ...CONNECTION,
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.enable_channelz': 0,
    interceptors: [gate({ clock, authenticator, rpcs, journal, arrival })],
  });
  const health = new Health({
    clock,
    services: [...services.keys()].map((name) => `tollgate.v1.${name}`),
    isServing: () => !rpcs.isDraining && notReady() === null,
  });
  const add = (definition: ServiceDefinition, methods: object) =>
    server.addService(bounded(definition), bind(definition, methods, { rpcs, journal }));
  for (const [name, definition] of services) add(definition, parts.methods[name as keyof Methods]);
  add(healthDefinition, health.methods);
  if (settings.grpcReflection) (await import('./reflection.ts')).addReflection(add);
  listener.attach(server, credentials);
  return {
    listen: (port, host) => listener.listen(port, host),
    async drain() {
      const drained = rpcs.drain();
      health.look();
      listener.goAway();
      await drained;
    },
    abort: () => rpcs.abort(),
    async close() {
      rpcs.close();
      await listener.close();
      server.forceShutdown();
    },
  };
}
