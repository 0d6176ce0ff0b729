import type { EntityManager } from '@mikro-orm/sqlite';
import { Event } from '../entities/event.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

export interface EventDraft {
  type: string;
  subject: string;
  actor: string;
  requestId?: string;
  before?: unknown;
  after?: unknown;
}

export type Subscriber = (event: Event) => Promise<void> | void;

/** How often changes made by other processes on the same file are looked for. */
const TAIL_INTERVAL_MS = 250;
const PAGE_SIZE = 500;

/**
 * The spine: changes are appended in the transaction that makes them, then every subscriber sees
 * each row once, in order. Rows of other processes arrive by the tail within a second.
 */
export class EventLog {
  readonly #em: EntityManager;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #subscribers: { prefix: string; run: Subscriber }[] = [];
  #seq = 0;
  #reading: Promise<void> | undefined;
  readonly #writing = new Set<Promise<void>>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(em: EntityManager, clock: Clock, logger: Logger) {
    this.#em = em;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Adds rows to the caller's unit of work; they exist if and only if its transaction commits. */
  append(em: EntityManager, drafts: readonly EventDraft[]): void {
    for (const draft of drafts) {
      em.persist(
        em.create(Event, {
          at: new Date(this.#clock.now()),
          type: draft.type,
          subject: draft.subject,
          actor: draft.actor,
          requestId: draft.requestId ?? null,
          before: draft.before ?? null,
          after: draft.after ?? null,
        }),
      );
    }
  }

  /** Appends in a transaction of its own; for changes that live in memory, such as a cooldown. */
  async record(drafts: readonly EventDraft[]): Promise<void> {
    const write = async () => {
      const em = this.#em.fork();
      this.append(em, drafts);
      await em.flush();
    };
    const writing = write();
    this.#writing.add(writing);
    await writing.finally(() => this.#writing.delete(writing));
    await this.caughtUp();
  }

  /** `prefix` is the start of the event types wanted, e.g. `virtual_key.`. */
  subscribe(prefix: string, run: Subscriber): void {
    this.#subscribers.push({ prefix, run });
  }

  /** Of the newest row that every subscriber has seen. */
  get seq(): number {
    return this.#seq;
  }

  /** Begins after the newest row: what is older is in the snapshots read at start. */
  async start(): Promise<void> {
    this.#seq = await this.newest();
    this.#schedule();
  }

  /** Resolves when every row committed before the call has reached every subscriber. */
  async caughtUp(): Promise<void> {
    // A reading under way may have queried before our commit: a second one cannot have.
    await this.#reading;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    await this.#reading;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await Promise.allSettled(this.#writing);
    await this.#reading;
  }

  /** Number of the newest row that is committed, whoever wrote it. */
  async newest(): Promise<number> {
    const rows = await this.#em
      .getConnection()
      .execute<{ seq: number | null }[]>('select max(seq) as seq from events');
    return rows[0]?.seq ?? 0;
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = this.#clock.after(TAIL_INTERVAL_MS, () => {
      this.caughtUp()
        .catch((error: unknown) => this.#logger.error({ err: error }, 'event tail failed'))
        .finally(() => this.#schedule());
    });
  }

  async #read(): Promise<void> {
    // Looked for four times a second: asking for the newest number costs far less than for rows.
    if ((await this.newest()) <= this.#seq) return;
    for (;;) {
      const where = { seq: { $gt: this.#seq } };
      const page = await this.#em
        .fork()
        .find(Event, where, { orderBy: { seq: 'asc' }, limit: PAGE_SIZE });
      for (const event of page) await this.#deliver(event);
      if (page.length < PAGE_SIZE) return;
    }
  }

  async #deliver(event: Event): Promise<void> {
    for (const { prefix, run } of this.#subscribers) {
      if (event.type.startsWith(prefix)) await run(event);
    }
    // Only now: a subscriber that failed sees the row again instead of missing a revocation.
    this.#seq = event.seq;
  }
}
