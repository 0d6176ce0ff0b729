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

  /** What its subject has spent so far is read in the step that makes the budget known. */
  #put(row: Budget): void {
    const { book, spend, now } = this.#parts;
    const { scope, subjectId, period, zone } = row;
    const nowMs = now();
    const settledNano = spend.of(scope, subjectId, periodOf(period, zone, nowMs));
    book.put(Object.assign(row, { settledNano }), nowMs);
  }
}
