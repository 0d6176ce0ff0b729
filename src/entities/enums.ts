import { registerEnumType } from 'type-graphql';
import type { AdminRole } from './admin-role.ts';
import type { BanReason } from './ban.ts';
import type { BudgetScope } from './budget-scope.ts';
import type { BudgetPeriod } from './budget.ts';
import type { Outcome } from './call-record.ts';
import type { PriceSource } from './price-source.ts';

/** GraphQL's names for what entities spell in lower case; every value is described. */
export function enumOf<T extends string>(
  name: string,
  description: string,
  values: Record<T, string>,
): Record<string, T> {
  const names = (Object.keys(values) as T[]).map((value) => [value.toUpperCase(), value] as const);
  const made = Object.fromEntries(names) as Record<string, T>;
  const valuesConfig = Object.fromEntries(
    names.map(([shown, value]) => [shown, { description: values[value] }]),
  );
  registerEnumType(made, { name, description, valuesConfig });
  return made;
}

export const RoleEnum = enumOf<AdminRole>('Role', 'What an admin token may do.', {
  viewer: 'Reads everything, changes nothing.',
  operator: 'Runs it day by day: keys, owners, budgets, bans.',
  admin: 'May do everything.',
});

export const BudgetScopeEnum = enumOf<BudgetScope>('BudgetScope', 'Whose money a budget caps.', {
  key: 'One virtual key.',
  team: 'All keys of a team together.',
  user: 'All keys of a user together.',
  pool: 'All calls of a pool together.',
});

export const BudgetPeriodEnum = enumOf<BudgetPeriod>(
  'BudgetPeriod',
  'How often a budget begins anew, by the clock of its zone.',
  {
    none: 'Never: it is for all time.',
    hourly: 'At every full hour.',
    daily: 'At midnight.',
    weekly: 'On Monday at midnight.',
    monthly: 'On the first of the month at midnight.',
  },
);

export const BanReasonEnum = enumOf<BanReason>('BanReason', 'Why a ban was imposed.', {
  unauthorized: 'The provider refused the credential, also when we asked.',
  counted: 'Too many failures of the kinds the pool counts.',
  operator: 'By hand.',
});

export const PriceSourceEnum = enumOf<PriceSource>(
  'PriceSource',
  'Where a price comes from; of two for the same the last of these goes first.',
  {
    catalogue: 'The built-in list.',
    config: '`prices` of the configuration.',
    operator: 'Set by an operator.',
  },
);

export const OutcomeEnum = enumOf<Outcome>('Outcome', 'What became of an accepted call.', {
  settled: 'Complete.',
  partial: 'Ended early; what was produced is charged.',
  voided: 'Nothing was produced, nothing is charged.',
  unknown: 'Nobody knows any more what became of it; charged at the hold.',
});
