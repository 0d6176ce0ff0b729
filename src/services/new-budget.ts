import type { EntityManager } from '@mikro-orm/sqlite';
import { Budget } from '../entities/budget.ts';
import { newId } from '../lib/ids.ts';
import { usdFromNano } from '../lib/money.ts';

export const DEFAULT_PERIOD = 'monthly';

const DEFAULTS = {
  name: null,
  period: DEFAULT_PERIOD,
  zone: 'UTC',
  raiseNano: 0n,
  raisedUntil: null,
  isHard: true,
  isStrict: false,
  alertPercents: [],
  isEnabled: true,
} satisfies Partial<Budget>;

type Given = Pick<Budget, 'scope' | 'subjectId' | 'capNano'> & Partial<Pick<Budget, 'period'>>;

/** A budget on the terms that hold unless others are given. */
export function newBudget(tx: EntityManager, given: Given, now: Date): Budget {
  const stamps = { createdAt: now, updatedAt: now };
  const row = tx.create(Budget, { id: newId(), ...DEFAULTS, ...given, ...stamps });
  tx.persist(row);
  return row;
}

/** What an event says of a budget; dollars, as JSON has no integers of this size. */
export const budgetFacts = (row: Budget) => ({
  scope: row.scope,
  subjectId: row.subjectId,
  name: row.name,
  cap: usdFromNano(row.capNano),
  raise: usdFromNano(row.raiseNano),
  raisedUntil: row.raisedUntil?.toISOString() ?? null,
  period: row.period,
  zone: row.zone,
  isHard: row.isHard,
  isStrict: row.isStrict,
  alertPercents: row.alertPercents,
  isEnabled: row.isEnabled,
});
