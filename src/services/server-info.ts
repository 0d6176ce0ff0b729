import type { Clock } from '../lib/clock.ts';
import type { Actor } from './actor.ts';
import { permit } from './policy.ts';

export interface ServerFacts {
  version: string;
  /** Of Node. */
  nodeVersion: string;
  startedAtMs: number;
  uptimeSeconds: number;
  /** Why it takes no calls now; null when it does. */
  notReady: string | null;
  /** Calls under way. */
  inFlight: number;
}

export interface ServerInfoParts {
  clock: Clock;
  version: string;
  notReady(): string | null;
  inFlight(): number;
}

/** What this server is, and how it is doing. */
export class ServerInfoService {
  readonly #parts: ServerInfoParts;
  readonly #startedAtMs: number;
  readonly #startedMs: number;

  constructor(parts: ServerInfoParts) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.now();
    this.#startedMs = parts.clock.monotonic();
  }

  read(actor: Actor): ServerFacts {
    permit(actor, 'serverInfo');
    const { clock, version, notReady, inFlight } = this.#parts;
    return {
      version,
      nodeVersion: process.versions.node,
      startedAtMs: this.#startedAtMs,
      uptimeSeconds: Math.floor((clock.monotonic() - this.#startedMs) / 1000),
      notReady: notReady(),
      inFlight: inFlight(),
    };
  }
}
