import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { Doorbell } from '../lib/doorbell.ts';
import type { Actor } from '../services/actor.ts';
import type { Authenticator } from '../services/authenticator.ts';

/** Why a connection is ended by us: codes of WebSocket, told to streams as well. */
export const ENDINGS = {
  stopping: { code: 1001, reason: 'The server is stopping: connect again.' },
  badFrame: { code: 4400, reason: 'Invalid message received' },
  notAllowed: { code: 4403, reason: 'Forbidden: what you showed opens nothing any more.' },
  tooLate: { code: 4408, reason: 'Connection initialisation timeout' },
  tooMany: { code: 1013, reason: 'You have too many open: close one.' },
  tooSlow: { code: 4413, reason: 'Too slow: read faster, or ask for less.' },
  failed: { code: 4500, reason: 'Internal server error' },
} as const;

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** A socket, or a stream of server-sent events. */
export interface LiveConnection {
  /** Null until it has said who it is. */
  readonly actor: Actor | null;
  /** Ends what takes too long; called once a second. */
  check(): void;
  /** Ends it in good order. */
  end(ending: Ending): void;
  /** Ends it without a word. */
  cut(): void;
}

export interface ConnectionParts {
  clock: Clock;
  authenticator: Pick<Authenticator, 'isValid' | 'onChange'>;
}

const CONNECTIONS_MAX = 1000;
/** Of one user: whoever holds a token of theirs takes the room of nobody else. */
const OF_ONE_USER_MAX = 20;
const CHECK_MS = 1000;
/** For those that are told of a stop to go. */
const GOODBYE_MS = 1000;

/** All connections that stay open: bounded, and open only as long as whoever opened them may be here. */
export class LiveConnections {
  readonly #parts: ConnectionParts;
  readonly #open = new Set<LiveConnection>();
  readonly #left = new Doorbell();
  readonly #forget: () => void;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#forget = parts.authenticator.onChange(() => this.#endInvalid());
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * @param actor who asks, where that is known by now
   * @throws GatewayError `draining` or `overloaded` when there can be no further one
   */
  assertRoom(actor?: Actor): void {
    if (this.#isClosed) {
      throw new GatewayError('draining', 'The server is stopping. Try again.', {
        retryAfterMs: 1000,
      });
    }
    if (this.#open.size >= CONNECTIONS_MAX) {
      const text = `There are ${CONNECTIONS_MAX} live connections already.`;
      throw new GatewayError('overloaded', text, { retryAfterMs: 5000 });
    }
    if (actor !== undefined && !this.hasRoomFor(actor)) {
      throw new GatewayError('overloaded', ENDINGS.tooMany.reason, { retryAfterMs: 5000 });
    }
  }

  /** Whether an actor may have one more than those that are known to be theirs. */
  hasRoomFor({ userId }: Actor): boolean {
    if (userId === null) return true;
    let theirs = 0;
    for (const { actor } of this.#open) if (actor?.userId === userId) theirs += 1;
    return theirs < OF_ONE_USER_MAX;
  }

  add(connection: LiveConnection): void {
    this.#open.add(connection);
    this.#timer ??= this.#parts.clock.after(CHECK_MS, () => this.#check());
  }

  delete(connection: LiveConnection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#left.ring();
  }

  /** Tells all of them to go, and sees that they do. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#forget();
    for (const connection of this.#open) connection.end(ENDINGS.stopping);
    if (this.#open.size === 0) return;
    const patience = this.#parts.clock.after(GOODBYE_MS, () => {
      for (const connection of this.#open) connection.cut();
    });
    await this.#left.rung();
    patience.cancel();
  }

  #check(): void {
    this.#endInvalid();
    for (const connection of this.#open) connection.check();
    if (this.#open.size > 0) this.#timer?.refresh();
  }

  #endInvalid(): void {
    const { authenticator } = this.#parts;
    for (const connection of this.#open) {
      const { actor } = connection;
      if (actor !== null && !authenticator.isValid(actor)) connection.end(ENDINGS.notAllowed);
    }
  }
}
