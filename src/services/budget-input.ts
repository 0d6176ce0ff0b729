import { z } from 'zod';
import { isZone } from '../accounting/budgets/period.ts';
import type { BudgetPeriod } from '../entities/budget.ts';
import { BUDGET_SCOPES } from '../entities/budget-scope.ts';
import { dollars } from './amount-input.ts';
import { label, reference } from './fields.ts';
import { paging } from './keyset.ts';
import { time } from './time-input.ts';

/** A billion dollars: sums of such caps still fit the 64-bit integers of a store. */
const CAP_NANO_MAX = 10n ** 18n;
const ALERTS_MAX = 20;
const ALERT_PERCENT_MAX = 1000;
/** Percentages are taken to the thousandth. */
const PARTS_PER_PERCENT = 1000;

const PERIODS = [
  'none',
  'hourly',
  'daily',
  'weekly',
  'monthly',
] as const satisfies readonly BudgetPeriod[];

export const cap = dollars(
  (nano) => nano >= 0n && nano <= CAP_NANO_MAX,
  'must be an amount in dollars, such as 25 or 0.05, from 0 to 1000000000',
);

const percent = z
  .number()
  .positive()
  .max(ALERT_PERCENT_MAX)
  .refine(
    (value) => Math.round(value * PARTS_PER_PERCENT) / PARTS_PER_PERCENT === value,
    'must not be finer than a thousandth of a percent',
  );

/** What may be decided of a budget besides its cap. */
export const terms = {
  /** Never resets when `none`. */
  period: z.enum(PERIODS),
  zone: z
    .string()
    .refine(isZone, { error: ({ input }) => `there is no time zone ${JSON.stringify(input)}` }),
  isHard: z.boolean(),
  isStrict: z.boolean(),
  /** Kept in order, each once. */
  alertPercents: z
    .array(percent)
    .max(ALERTS_MAX)
    .transform((all) => [...new Set(all)].toSorted((left, right) => left - right)),
  name: label.nullable(),
  isEnabled: z.boolean(),
};

export const setInput = z.strictObject({
  scope: z.enum(BUDGET_SCOPES),
  /** Id or name; a key by its id or the start of it. */
  subject: reference,
  cap,
  ...z.object(terms).partial().shape,
});

export const updateInput = z.strictObject({ ...z.object({ cap, ...terms }).partial().shape });

/** No amount, or no time, ends a raise. */
export const raiseInput = z
  .strictObject({ by: cap, until: time.nullable().optional() })
  .refine(({ by, until }) => by === 0n || until !== undefined, {
    path: ['until'],
    error: 'is missing: say until when, or null to end a raise',
    // Told beside a mistake in the amount.
    when: () => true,
  });

export const pageInput = z
  .strictObject({
    scope: z.enum(BUDGET_SCOPES).optional(),
    /** Id or name, for which the scope must be known. */
    subject: reference.optional(),
    isEnabled: z.boolean().optional(),
    ...paging,
  })
  .refine(({ scope, subject }) => subject === undefined || scope !== undefined, {
    path: ['scope'],
    error: 'is missing: a subject is found in one',
    when: () => true,
  });

export type RaiseBudgetInput = z.input<typeof raiseInput>;
export type PageBudgetsInput = z.input<typeof pageInput>;
export type SetBudgetInput = z.input<typeof setInput>;
export type UpdateBudgetInput = z.input<typeof updateInput>;
