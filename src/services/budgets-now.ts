import type { LiveBudget } from '../accounting/budgets/live-budget.ts';
import type { BudgetScope } from '../entities/budget-scope.ts';

/** A budget as calls are judged by it at this moment. Nano-USD. */
export interface BudgetNow {
  readonly id: string;
  readonly scope: BudgetScope;
  readonly subjectId: string;
  /** The cap in force: with the raise while that lasts. */
  readonly capNano: bigint;
  readonly settledNano: bigint;
  readonly heldNano: bigint;
  /** Negative when more was spent than the cap in force. */
  readonly remainingNano: bigint;
  readonly isHard: boolean;
  /** Null when it never resets. */
  readonly resetsAtMs: number | null;
}

/** How those that bind stand now, by the book alone: no database is asked. */
export const budgetsNow = (budgets: readonly LiveBudget[], nowMs: number): BudgetNow[] =>
  budgets.filter(({ state }) => state.isEnabled).map((budget) => budgetNow(budget, nowMs));

/** The least that is left in any hard one, nano-USD; null without any. */
export function leastLeft(budgets: readonly BudgetNow[]): bigint | null {
  let least: bigint | null = null;
  for (const { isHard, remainingNano } of budgets) {
    if (isHard && (least === null || remainingNano < least)) least = remainingNano;
  }
  return least;
}

function budgetNow(budget: LiveBudget, nowMs: number): BudgetNow {
  const { period, settledNano, enforcedNano } = budget.tallyAt(nowMs);
  const { id, scope, subjectId, isHard } = budget.state;
  const { capNano } = budget.termsAt(nowMs);
  return {
    id,
    scope,
    subjectId,
    capNano,
    settledNano,
    heldNano: enforcedNano - settledNano,
    remainingNano: capNano - enforcedNano,
    isHard,
    resetsAtMs: Number.isFinite(period.endMs) ? period.endMs : null,
  };
}
