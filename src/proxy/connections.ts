import type { LookupFunction } from 'node:net';
import { Client } from 'undici';
import type { Dispatcher } from 'undici';

/** Idle connections kept; more are closed when they come back. */
const IDLE_MAX = 256;

interface Connection {
  client: Client;
  /** The socket it has now has carried an answer. */
  hasServed: boolean;
}

/**
 * The connections of one credential to its origin, one call at a time on each. The one that came
 * back last is lent first: it is the likeliest to be alive, and finding it takes no search however
 * many there are.
 */
export class Connections {
  readonly #origin: string;
  readonly #connectMs: number;
  readonly #lookup: LookupFunction;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #isClosing = false;

  constructor(origin: string, connectMs: number, lookup: LookupFunction) {
    this.#origin = origin;
    this.#connectMs = connectMs;
    this.#lookup = lookup;
  }

  /** Sends on a connection of its own; `giveBack` returns that once the answer is over. */
  send(
    options: Dispatcher.DispatchOptions,
    { isFresh }: { isFresh: boolean },
    open: (giveBack: () => void, isReused: () => boolean) => Dispatcher.DispatchHandler,
  ): void {
    const connection = (isFresh ? undefined : this.#idle.pop()) ?? this.#open();
    const handler = open(
      () => this.#giveBack(connection),
      () => connection.hasServed,
    );
    connection.client.dispatch(options, handler);
  }

  /** Lets calls under way finish. */
  close(): void {
    this.#isClosing = true;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
  }

  async destroy(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#all].map(({ client }) => client.destroy()));
  }

  #open(): Connection {
    const client = new Client(this.#origin, {
      pipelining: 1,
      allowH2: false,
      connect: { timeout: this.#connectMs, lookup: this.#lookup },
    });
    const connection = { client, hasServed: false };
    client.on('connect', () => (connection.hasServed = false));
    this.#all.add(connection);
    return connection;
  }

  #giveBack(connection: Connection): void {
    connection.hasServed = true;
    if (this.#isClosing || this.#idle.length >= IDLE_MAX) this.#drop(connection);
    else this.#idle.push(connection);
  }

  #drop(connection: Connection): void {
    this.#all.delete(connection);
    if (!connection.client.destroyed) void connection.client.close();
  }
}
