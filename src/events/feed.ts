import { setImmediate as turn } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/sqlite';
import { Event } from '../entities/event.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { Doorbell } from '../lib/doorbell.ts';
import { isWantedBy, whereWanted } from './event-filter.ts';
import type { EventFilter } from './event-filter.ts';
import type { EventLog } from './log.ts';
import { Ring } from './ring.ts';

export interface FeedParts {
  em: EntityManager;
  events: EventLog;
}

export interface FeedQuery extends EventFilter {
  /** Number of the last row seen; from now on unless given. */
  after?: number | undefined;
}

/** Rows kept in memory, at least: enough for everyone who was away for a moment. */
const RING_SIZE = 500;
/** Rows that one reading of the past looks at, and returns, at most; each holds up the thread. */
const STRIDE = 2000;
const PAGE_SIZE = 100;

/**
 * The log as anyone may follow it: from any row on, each row once, in order, none left out. A
 * follower is a place in the log, not a queue: however slow it is, it costs no memory. What is new is
 * read from memory, what is old in pages from the database.
 *
 * Rows become visible in the order of their numbers: SQLite has one writer at a time, and a number
 * that is rolled back was never seen.
 */
export class EventFeed {
  readonly #parts: FeedParts;
  readonly #ring: Ring;
  readonly #delivered = new Doorbell();

  /** To be made once whoever acts on events has subscribed: followers are told after them. */
  constructor(parts: FeedParts, ringSize = RING_SIZE) {
    this.#parts = parts;
    this.#ring = new Ring(ringSize, parts.events.seq);
    parts.events.subscribe('', (event) => {
      // A delivery in which another subscriber failed comes again.
      if (event.seq <= this.#ring.newest) return;
      this.#ring.push(plain(event));
      this.#delivered.ring();
    });
  }

  /**
   * Follows the log until the signal. Where it begins is settled when this resolves.
   * @throws GatewayError `invalid_request` for a row that does not exist yet, `not_found` for one
   * that is not kept any more
   */
  async follow(query: FeedQuery, signal: AbortSignal): Promise<AsyncGenerator<Event, void>> {
    const { after } = query;
    if (after === undefined) return this.#rows(this.#ring.newest, query, signal);
    const oldest = await this.#oldest();
    if (after < oldest - 1) {
      throw new GatewayError('not_found', `Events before number ${oldest} are no longer kept.`, {
        param: 'after',
      });
    }
    if (after > this.#ring.newest) await this.#parts.events.caughtUp();
    if (after > this.#ring.newest) {
      throw new GatewayError(
        'invalid_request',
        `There is no event ${after} yet: the newest is ${this.#ring.newest}.`,
        { param: 'after' },
      );
    }
    return this.#rows(after, query, signal);
  }

  async *#rows(after: number, filter: EventFilter, signal: AbortSignal) {
    const isWanted = isWantedBy(filter);
    let place = after;
    while (!signal.aborted) {
      if (place < this.#ring.floor) {
        const { rows, upTo } = await this.#past(place, filter);
        place = upTo;
        yield* rows;
        continue;
      }
      const event = this.#ring.next(place);
      if (event === undefined) {
        await this.#delivered.rung(signal);
        continue;
      }
      place = event.seq;
      if (isWanted(event)) yield event;
    }
  }

  /** What is wanted of the rows after one, as far as one reading looks. */
  async #past(after: number, filter: EventFilter): Promise<{ rows: Event[]; upTo: number }> {
    const last = Math.min(after + STRIDE, this.#ring.floor);
    const rows = await this.#parts.em
      .fork()
      .find(
        Event,
        { ...whereWanted(filter), seq: { $gt: after, $lte: last } },
        { orderBy: { seq: 'asc' }, limit: PAGE_SIZE, disableIdentityMap: true },
      );
    // Others take turns: a long past is read in many pages, without a wait in between.
    await turn();
    const isFull = rows.length === PAGE_SIZE;
    return { rows, upTo: isFull ? (rows.at(-1)?.seq ?? last) : last };
  }

  /** Of the first row kept; where there is none, of the next. */
  async #oldest(): Promise<number> {
    const rows = await this.#parts.em
      .getConnection()
      .execute<{ seq: number | null }[]>('select min(seq) as seq from events');
    return rows[0]?.seq ?? this.#ring.newest + 1;
  }
}

/** Without what the ORM hangs on to by it. */
const plain = ({ seq, at, type, subject, actor, requestId, before, after }: Event): Event => ({
  seq,
  at,
  type,
  subject,
  actor,
  requestId,
  before,
  after,
});
