import type { BudgetScope } from '../../entities/budget-scope.ts';
import type { BudgetNow } from '../../services/budgets-now.ts';
import type { BudgetStanding } from '../generated/tollgate/v1/BudgetStanding.ts';
import type { Scope__Output } from '../generated/tollgate/v1/Scope.ts';
import { toldTime } from './time.ts';

export const SCOPES = {
  key: 'SCOPE_KEY',
  team: 'SCOPE_TEAM',
  user: 'SCOPE_USER',
  pool: 'SCOPE_POOL',
} as const satisfies Record<BudgetScope, Scope__Output>;

export const toldBudget = (budget: BudgetNow): BudgetStanding => ({
  id: budget.id,
  scope: SCOPES[budget.scope],
  subjectId: budget.subjectId,
  capNanoUsd: budget.capNano.toString(),
  settledNanoUsd: budget.settledNano.toString(),
  heldNanoUsd: budget.heldNano.toString(),
  remainingNanoUsd: budget.remainingNano.toString(),
  isHard: budget.isHard,
  resetsAt: toldTime(budget.resetsAtMs),
});
