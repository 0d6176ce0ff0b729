import { setImmediate } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/sqlite';
import type { BudgetScope } from '../../entities/budget-scope.ts';
import { Budget } from '../../entities/budget.ts';
import type { Event } from '../../entities/event.ts';
import type { BudgetBook } from './budget-book.ts';
import { periodOf } from './period.ts';
import type { SettledSpend } from './settled-spend.ts';

export interface KeeperParts {
  em: EntityManager;
  book: BudgetBook;
  spend: SettledSpend;
  now(): number;
}

/** Keeps the book of budgets as the database has them. */
export class BudgetKeeper {
  readonly #parts: KeeperParts;
  /** Of each budget: every correction up to this event is in its sums. */
  readonly #countedSeq = new Map<string, number>();

  constructor(parts: KeeperParts) {
    this.#parts = parts;
  }

  async load(): Promise<void> {
    const rows = await this.#parts.em.fork().find(Budget, {});
    for (const row of rows) this.#put(row);
  }

  /** A budget was set, changed or removed. */
  async reload(id: string): Promise<void> {
    const { em, book } = this.#parts;
    const row = await em.fork().findOne(Budget, { id });
    if (row === null) {
      book.remove(id);
      this.#countedSeq.delete(id);
    } else this.#put(row);
  }

  /**
   * Costs were corrected, as an event tells: of one call, which is its subject, or of many. The sums of
   * all budgets that it may be in are read anew, each budget's in one step, so that no call can be
   * settled in between. What comes in hundreds of events is read once.
   */
  async recount({ seq, subject }: Pick<Event, 'seq' | 'subject'>): Promise<void> {
    const { book, spend, now } = this.#parts;
    const counted = this.#countedSeq;
    const isCounted = (id: string) => seq <= (counted.get(id) ?? 0);
    const ids = (await this.#concerned(subject)).filter((id) => !isCounted(id));
    if (ids.length === 0) return;
    // Asked first: what is committed while sums are read may be in some of them only.
    const newest = await this.#newestSeq();
    for (const id of ids) {
      book.recount(id, (budget, period) => spend.of(budget.scope, budget.subjectId, period), now());
      counted.set(id, newest);
      await setImmediate();
    }
  }

  /** Those that a call is charged to; all of them where it was not one call. */
  async #concerned(callId: string): Promise<readonly string[]> {
    const { em, book } = this.#parts;
    const [call] = await em.getConnection().execute<Record<BudgetScope, string>[]>(
      `select key_id as "key", team_id as "team", user_id as "user", pool_id as "pool"
       from usage_records where id = ?`,
      [callId],
    );
    return call === undefined ? book.ids : book.find(call).map(({ state }) => state.id);
  }

  async #newestSeq(): Promise<number> {
    const [row] = await this.#parts.em
      .getConnection()
      .execute<{ seq: number | null }[]>('select max(seq) as seq from events');
    return row?.seq ?? 0;
  }

  /** What its subject has spent so far is read in the step that makes the budget known. */
  #put(row: Budget): void {
    const { book, spend, now } = this.#parts;
    const { scope, subjectId, period, zone } = row;
    const nowMs = now();
    const settledNano = spend.of(scope, subjectId, periodOf(period, zone, nowMs));
    book.put(Object.assign(row, { settledNano }), nowMs);
  }
}
