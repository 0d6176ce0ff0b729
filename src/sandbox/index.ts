import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, type Clock } from '../lib/clock.ts';
import { control, CONTROL_PREFIX } from './control.ts';
import type { Account } from './credits.ts';
import type { FaultPlan } from './faults/plan.ts';
import type { SandboxCredential } from './fleet.ts';
import { serve } from './serve.ts';
import type { WitnessLog } from './witness.ts';
import { accountNamed, createWorld, type World } from './world.ts';

// An upstream fleet that runs here: it imitates an OpenAI-compatible provider with Vercel credits,
// misbehaves on request, and keeps its own log of what really happened. It is an independent
// judge, so it imports nothing of ours but the clock.

export { DEFAULT_FLEET, type SandboxCredential } from './fleet.ts';
export type { Account } from './credits.ts';
export type { FaultPlan, FaultRule } from './faults/plan.ts';
export type { FinishedEntry, Outcome, ReceivedEntry, WitnessEntry, WitnessLog } from './witness.ts';

export interface SandboxOptions {
  /** Loopback unless said otherwise; the control surface has no authentication. */
  host?: string;
  /** 0, the default, takes any free port. */
  port?: number;
  credentials: readonly SandboxCredential[];
  /** Words of an answer, and content events of a stream. */
  chunkCount?: number;
  /** Pause between two events of a stream. */
  chunkPaceMs?: number;
  clock?: Clock;
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly url: string;
  /** The credentials with their money as it stands. */
  readonly credentials: readonly Account[];
  readonly witness: WitnessLog;
  readonly faults: FaultPlan;
  /** From now on every path answers the credential with 401, or does so no more. */
  revoke(name: string, isRevoked?: boolean): void;
  /** From now on the credential is served these models alone, null for all. Throws for an unknown one. */
  offer(name: string, models: readonly string[] | null): void;
  /** Breaks all connections and resolves once the port is free. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CHUNK_COUNT = 12;
const KEEP_ALIVE_MS = 600_000;
const HEAD_BYTES_MAX = 64 * 1024;

/** Starts the fleet; rejects when the port cannot be had. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const world = createWorld(options.credentials, options.clock ?? systemClock, {
    chunks: options.chunkCount ?? CHUNK_COUNT,
    paceMs: options.chunkPaceMs ?? 0,
  });
  const server = createFleetServer(world);
  const host = options.host ?? HOST;
  await listen(server, host, options.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shownHost}:${port}`,
    credentials: world.accounts,
    witness: world.witness,
    faults: world.faults,
    revoke(name, isRevoked = true) {
      accountNamed(world, name).isRevoked = isRevoked;
    },
    offer(name, models) {
      accountNamed(world, name).models = models;
    },
    close: () => close(server),
  };
}

function createFleetServer(world: World): Server {
  // No request timeout: tests of slow clients decide themselves how long is too long.
  const limits = {
    keepAlive: true,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 0,
    maxHeaderSize: HEAD_BYTES_MAX,
    noDelay: true,
  };
  return createServer(limits, (request, response) => {
    const isControl = request.url?.startsWith(CONTROL_PREFIX) === true;
    const served = isControl ? control(world, request, response) : serve(world, request, response);
    served.catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Destroying the sockets closes every exchange, which cancels its timer. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
