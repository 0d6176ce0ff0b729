import { Client } from 'undici';
import type { Dispatcher } from 'undici';

/** Idle connections kept; more are closed when they come back. */
const IDLE_MAX = 256;

/**
 * The connections of one credential to its origin, one call at a time on each. The one that came
 * back last is lent first: it is the likeliest to be alive, and finding it takes no search however
 * many there are.
 */
export class Connections {
  readonly #origin: string;
  readonly #connectMs: number;
  readonly #idle: Client[] = [];
  readonly #all = new Set<Client>();
  #isClosing = false;

  constructor(origin: string, connectMs: number) {
    this.#origin = origin;
    this.#connectMs = connectMs;
  }

  /** Sends on a connection of its own; `giveBack` returns that once the answer is over. */
  send(
    options: Dispatcher.DispatchOptions,
    open: (giveBack: () => void) => Dispatcher.DispatchHandler,
  ): void {
    const client = this.#idle.pop() ?? this.#open();
    client.dispatch(
      options,
      open(() => this.#giveBack(client)),
    );
  }

  /** Lets calls under way finish. */
  close(): void {
    this.#isClosing = true;
    for (const client of this.#idle.splice(0)) this.#drop(client);
  }

  async destroy(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#all].map((client) => client.destroy()));
  }

  #open(): Client {
    const client = new Client(this.#origin, {
      pipelining: 1,
      allowH2: false,
      connect: { timeout: this.#connectMs },
    });
    this.#all.add(client);
    return client;
  }

  #giveBack(client: Client): void {
    if (this.#isClosing || this.#idle.length >= IDLE_MAX) this.#drop(client);
    else this.#idle.push(client);
  }

  #drop(client: Client): void {
    this.#all.delete(client);
    if (!client.destroyed) void client.close();
  }
}
