import type { BudgetState } from '../../../../src/accounting/budgets/terms.ts';

/** A Wednesday. */
export const NOON_MS = Date.parse('2026-05-06T12:00Z');
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

let made = 0;

/** A hard daily budget of 100 on key `k`, where nothing is said. */
export function aBudget(fields: Partial<BudgetState> = {}): BudgetState {
  made += 1;
  return {
    id: `budget-${made}`,
    scope: 'key',
    subjectId: 'k',
    capNano: 100n,
    raiseNano: 0n,
    raisedUntil: null,
    period: 'daily',
    zone: 'UTC',
    isHard: true,
    isStrict: false,
    alertPercents: [],
    isEnabled: true,
    settledNano: 0n,
    ...fields,
  };
}
