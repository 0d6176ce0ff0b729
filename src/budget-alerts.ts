import type { BudgetAlert } from './accounting/budgets/tally.ts';
import { usdFromNano } from './lib/money.ts';

/** Type of the event of a budget that comes to one of its marks. */
export const ALERT = 'budget.alert';

export function alertEvent({
  budgetId,
  percent,
  settledNano,
  capNano,
  periodStartMs,
}: BudgetAlert) {
  const after = {
    percent,
    spent: usdFromNano(settledNano),
    cap: usdFromNano(capNano),
    periodStart: new Date(periodStartMs).toISOString(),
  };
  return { type: ALERT, subject: budgetId, actor: 'system', after };
}
