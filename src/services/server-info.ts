import type { Clock } from '../lib/clock.ts';
import type { Actor } from './actor.ts';
import { guaranteesOf } from './guarantees.ts';
import type { Guarantee, GuaranteeFacts } from './guarantees.ts';
import { permit } from './policy.ts';
import type { Reader } from './reader/reader.ts';

export interface ServerFacts {
  version: string;
  /** Of Node. */
  nodeVersion: string;
  /** New at every start. */
  instanceId: string;
  startedAtMs: number;
  uptimeSeconds: number;
  /** Why it takes no calls now; null when it does. */
  notReady: string | null;
  /** Calls under way. */
  inFlight: number;
}

/** What is in the data directory's database now. */
export interface StoreFacts {
  /** Holds of calls that are not settled yet. */
  openHolds: number;
  heldNano: bigint;
  /** Number of the newest event; 0 when there is none. */
  lastEventSeq: number;
  /** The file and its write-ahead log. */
  bytes: number;
}

/** What settings say, and what was found at the start. */
export type SettledFacts = Pick<
  GuaranteeFacts,
  'isLoopback' | 'isLbOpen' | 'arePrivateUpstreamsAllowed' | 'recoveredHolds'
>;

export interface ServerInfoParts {
  clock: Clock;
  version: string;
  instanceId: string;
  reader: Reader;
  facts: SettledFacts;
  notReady(): string | null;
  inFlight(): number;
  /** Of the database's files. */
  bytes(): Promise<number>;
}

const STORE = `select (select count(*) from holds) as "openHolds",
  (select cast(coalesce(sum(amount_nano), 0) as text) from holds) as held,
  (select coalesce(max(seq), 0) from events) as "lastEventSeq"`;

const BUDGETS = `select count(*) as enabled, coalesce(sum(is_hard), 0) as hard,
  coalesce(sum(is_hard and is_strict), 0) as strict from budgets where is_enabled`;

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
    const { clock, version, instanceId, notReady, inFlight } = this.#parts;
    return {
      version,
      nodeVersion: process.versions.node,
      instanceId,
      startedAtMs: this.#startedAtMs,
      uptimeSeconds: Math.floor((clock.monotonic() - this.#startedMs) / 1000),
      notReady: notReady(),
      inFlight: inFlight(),
    };
  }

  async store(actor: Actor): Promise<StoreFacts> {
    permit(actor, 'serverInfo');
    const { reader, bytes } = this.#parts;
    const [row] = await reader.rows<Omit<StoreFacts, 'heldNano' | 'bytes'> & { held: string }>(
      STORE,
    );
    const { held = '0', openHolds = 0, lastEventSeq = 0 } = row ?? {};
    return { openHolds, heldNano: BigInt(held), lastEventSeq, bytes: await bytes() };
  }

  /** What is promised, and whether it holds here. */
  async guarantees(actor: Actor): Promise<Guarantee[]> {
    permit(actor, 'serverInfo');
    const { reader, facts, notReady } = this.#parts;
    const [row] = await reader.rows<GuaranteeFacts['budgets']>(BUDGETS);
    const budgets = row ?? { enabled: 0, hard: 0, strict: 0 };
    return guaranteesOf({ ...facts, budgets, notReady: notReady() });
  }
}
