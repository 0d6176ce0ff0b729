/** Whose money a budget caps. */
export const BUDGET_SCOPES = ['key', 'team', 'user', 'pool'] as const;

export type BudgetScope = (typeof BUDGET_SCOPES)[number];
