import type { LookupFunction, Socket } from 'node:net';
import { Client, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';

/** Idle connections kept; more are closed when they come back. */
const IDLE_MAX = 256;

interface Connection {
  client: Client;
  /** The socket it has now has carried an answer. */
  hasServed: boolean;
  /** The socket that is being connected just now. */
  opening: Socket | undefined;
  /** The socket it has now, or had last. */
  socket: Socket | null;
}

/** undici's connector, which returns the socket on its way, though its type does not say so. */
type Connect = (...asked: Parameters<buildConnector.connector>) => Socket;

/** The connection that a call was given, to the call. */
export interface Line {
  /** It has carried an answer before: it may have been closed in the meantime. */
  isReused(): boolean;
  /** What has come on it so far, whoever it was for. */
  bytesRead(): number;
  /** Nobody waits for it any more: if it is still being made, that ends at once. */
  giveUp(): void;
  /** The answer is over. */
  giveBack(): void;
}

/**
 * The connections of one credential to its origin, one call at a time on each. The one that came
 * back last is lent first: it is the likeliest to be alive, and finding it takes no search however
 * many there are.
 */
export class Connections {
  readonly #origin: string;
  readonly #connect: Connect;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #isClosing = false;

  constructor(origin: string, lookup: LookupFunction) {
    this.#origin = origin;
    // Each call watches its time by its own clock.
    this.#connect = buildConnector({ timeout: 0, allowH2: false, lookup }) as Connect;
  }

  /** Sends on a connection of its own, which is given back once the answer is over. */
  send(
    options: Dispatcher.DispatchOptions,
    { isFresh }: { isFresh: boolean },
    open: (line: Line) => Dispatcher.DispatchHandler,
  ): void {
    const connection = (isFresh ? undefined : this.#idle.pop()) ?? this.#open();
    const handler = open({
      isReused: () => connection.hasServed,
      bytesRead: () => connection.socket?.bytesRead ?? 0,
      giveUp: () => connection.opening?.destroy(new Error('given up')),
      giveBack: () => this.#giveBack(connection),
    });
    connection.client.dispatch(options, handler);
  }

  /** Lets calls under way finish. */
  close(): void {
    this.#isClosing = true;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
  }

  async destroy(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(
      [...this.#all].map(({ client, opening }) => {
        opening?.destroy(new Error('stopped'));
        return client.destroy();
      }),
    );
  }

  #open(): Connection {
    const client = new Client(this.#origin, {
      pipelining: 1,
      allowH2: false,
      connect: (asked, callback) => {
        connection.opening = this.#connect(asked, (...outcome) => {
          connection.opening = undefined;
          connection.hasServed = false;
          [, connection.socket] = outcome;
          callback(...outcome);
        });
      },
    });
    const connection: Connection = { client, hasServed: false, opening: undefined, socket: null };
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
