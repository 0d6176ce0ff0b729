import type { BudgetBook } from '../accounting/budgets/budget-book.ts';
import type { BudgetSubjects } from '../accounting/budgets/terms.ts';
import type { Clock } from '../lib/clock.ts';
import { budgetsNow, leastLeft } from './budgets-now.ts';
import type { BudgetNow } from './budgets-now.ts';

/** How the budgets that a call is charged to stand after it. */
export interface MoneyLeft {
  readonly budgets: readonly BudgetNow[];
  /** The least that is left in any hard one, nano-USD; null without any. */
  readonly remainingNano: bigint | null;
}

export function moneyLeft(
  subjects: BudgetSubjects,
  { budgets, clock }: { budgets: Pick<BudgetBook, 'find'>; clock: Clock },
): MoneyLeft {
  const standings = budgetsNow(budgets.find(subjects), clock.now());
  return { budgets: standings, remainingNano: leastLeft(standings) };
}
