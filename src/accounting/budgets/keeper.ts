import { setImmediate } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/sqlite';
import { Budget } from '../../entities/budget.ts';
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
  /** Every correction up to this event is in the sums. */
  #countedSeq = 0;

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
    if (row === null) book.remove(id);
    else this.#put(row);
  }

  /**
   * Costs were corrected, as an event tells: every budget's sum is read anew, each in one step, so
   * that no call can be settled in between. What comes in hundreds of events is read once.
   */
  async recount(seq: number): Promise<void> {
    if (seq <= this.#countedSeq) return;
    // Asked first: what is committed while sums are read may be in some of them only.
    const newest = await this.#newestSeq();
    for (const id of this.#parts.book.ids) {
      this.#recount(id);
      await setImmediate();
    }
    this.#countedSeq = newest;
  }

  /**
   * Of the period that the book counts in. One that the wall clock was set back from goes on in memory
   * alone: no sum on disk is its.
   */
  #recount(id: string): void {
    const { book, spend, now } = this.#parts;
    const nowMs = now();
    const told = book.explain(id, nowMs);
    if (told === undefined) return;
    const { budget, periodStartMs: startMs, resetsAtMs } = told;
    if (nowMs < startMs) return;
    const period = { startMs, endMs: resetsAtMs ?? Number.POSITIVE_INFINITY };
    book.recount(id, spend.of(budget.scope, budget.subjectId, period), nowMs);
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
