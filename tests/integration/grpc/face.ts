import { afterEach } from '@jest/globals';
import { Writable } from 'node:stream';
import { createGrpcServer } from '../../../src/grpc/server.ts';
import type { GrpcServer, GrpcSettings } from '../../../src/grpc/server.ts';
import type { Methods } from '../../../src/grpc/methods.ts';
import { Registry } from '../../../src/lib/metrics.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import type { Actor, Role } from '../../../src/services/actor.ts';
import type { Authenticator } from '../../../src/services/authenticator.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import { grpcClient } from '../../support/grpc-client.ts';
import type { GrpcClient } from '../../support/grpc-client.ts';

/** Methods of the contract that a test gives; all others answer nothing, at once. */
export type SomeMethods = { [Service in keyof Methods]?: Partial<Methods[Service]> };

export interface FaceOptions {
  methods?: SomeMethods;
  settings?: Partial<GrpcSettings>;
}

/** The face alone, with real sockets: for what no method of the product would do on demand. */
export interface Face {
  address: string;
  clock: MovableClock;
  server: GrpcServer;
  registry: Registry;
  /** Why it cannot serve; null when it can. */
  notReady: string | null;
  /** Whoever shows the name of a role is one of them. */
  client(role?: Role | null): GrpcClient;
  /** Those who are one of them are not any more. */
  revoke(role: Role): void;
  logs(): string;
  metrics(): Promise<string>;
}

const open: GrpcServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

export async function startFace({ methods = {}, settings = {} }: FaceOptions = {}): Promise<Face> {
  const clock = new MovableClock();
  const registry = new Registry();
  const lines: string[] = [];
  const revoked = new Set<string>();
  const listeners = new Set<() => void>();
  const authenticator = {
    async actorOf(authorization: string | undefined): Promise<Actor | null> {
      const role = /^Bearer (user|viewer|operator|admin)$/.exec(authorization ?? '')?.[1];
      return role === undefined
        ? null
        : { name: `token:${role}`, role: role as Role, userId: null };
    },
    isValid: ({ role }: Actor) => !revoked.has(role),
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const state = { notReady: null as string | null };
  const server = await createGrpcServer({
    settings: {
      grpcReflection: false,
      grpcTlsCert: undefined,
      grpcTlsKey: undefined,
      grpcTlsClientCa: undefined,
      ...settings,
    },
    clock,
    logger: createLogger({ level: 'trace', destination: collector(lines) }),
    registry,
    authenticator: authenticator as unknown as Authenticator,
    methods: completed(methods),
    notReady: () => state.notReady,
  });
  open.push(server);
  const address = `127.0.0.1:${await server.listen(0, '127.0.0.1')}`;
  return Object.assign(state, {
    address,
    clock,
    server,
    registry,
    client: (role: Role | null = 'admin') => grpcClient(address, { token: role }),
    revoke(role: Role) {
      revoked.add(role);
      for (const listener of listeners) listener();
    },
    logs: () => lines.join(''),
    metrics: () => registry.metrics(),
  });
}

const SERVICES = ['KeyService', 'LimitService', 'OperationsService', 'UsageService'] as const;

/** Every method there is, whatever it is called. */
function completed(methods: SomeMethods): Methods {
  const all = SERVICES.map((service) => [
    service,
    new Proxy(methods[service] ?? {}, {
      get: (given, name) => Reflect.get(given, name) ?? (() => ({})),
    }),
  ]);
  return Object.fromEntries(all) as Methods;
}

const collector = (lines: string[]) =>
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
