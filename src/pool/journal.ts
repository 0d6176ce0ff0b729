import type { EntityManager } from '@mikro-orm/sqlite';
import type { EventDraft, EventLog } from '../events/log.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

export interface JournalParts {
  em: EntityManager;
  events: EventLog;
  clock: Clock;
  logger: Logger;
}

/** What an entry changes. One that finds nothing to change resolves to false, and its events are dropped. */
export type Work = (tx: EntityManager) => unknown;

const TRIES_MAX = 10;
const RETRY_MS = 1000;

/**
 * Puts on disk what the data plane has already decided in memory: rows and their events in one
 * commit, one entry after the other, so that the order on disk is the order of the decisions. A
 * store that fails for a while is tried again; no call waits for it.
 */
export class Journal {
  readonly #parts: JournalParts;
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  write(drafts: readonly EventDraft[], work?: Work): void {
    this.#last = this.#last.then(() => this.#persist(drafts, work));
  }

  /** Resolves when everything written so far is on disk or given up, and every subscriber knows. */
  async flushed(): Promise<void> {
    await this.#last;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
  }

  async #persist(drafts: readonly EventDraft[], work: Work | undefined): Promise<void> {
    const { em, events, clock, logger } = this.#parts;
    for (let nth = 1; ; nth += 1) {
      try {
        await em.fork().transactional(async (tx) => {
          if ((await work?.(tx)) !== false) events.append(tx, drafts);
        });
        break;
      } catch (error) {
        const types = drafts.map(({ type }) => type);
        logger.error({ err: error, types, nth }, 'health not recorded');
        if (nth >= TRIES_MAX || this.#isClosed) return;
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
    // It is on disk, once: a subscriber that fails must not have it written again.
    await events
      .caughtUp()
      .catch((error: unknown) => logger.error({ err: error }, 'event tail failed'));
  }
}
