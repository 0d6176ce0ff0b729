import { z } from 'zod';
import { isZone } from '../accounting/budgets/period.ts';
import { USAGE_DIMENSIONS } from '../entities/usage-dimension.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import { first } from './page.ts';
import { time } from './time-input.ts';

const NAMES_MAX = 100;
/** More points than a chart shows; each has a dozen numbers. */
const POINTS_MAX = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Length of a step, and how far back a series goes unless it is said. */
const STEPS = {
  hour: { ms: HOUR_MS, backMs: DAY_MS },
  day: { ms: DAY_MS, backMs: 30 * DAY_MS },
} as const;

export const DIMENSIONS = Object.keys(USAGE_DIMENSIONS) as [UsageDimension, ...UsageDimension[]];

const names = z.array(z.string().trim()).max(NAMES_MAX).readonly().optional();

/** Only what has one of the values, by id or name; absent is all. */
const filter = z
  .strictObject(
    Object.fromEntries(DIMENSIONS.map((name) => [name, names])) as Record<
      UsageDimension,
      typeof names
    >,
  )
  .default({});

export type NamedFilter = z.output<typeof filter>;

/** Calls that began at `from` or later, and before `to`; absent is open. */
const range = { filter, from: time.optional(), to: time.optional() };

interface Times {
  from?: number | undefined;
  to?: number | undefined;
}

const isForwards = ({ from = 0, to = Infinity }: Times) => from < to;
const BACKWARDS = { path: ['from'], error: 'must be before to' };

export const usageInput = z
  .strictObject({
    ...range,
    groupBy: z
      .array(z.enum(DIMENSIONS))
      .transform((all) => [...new Set(all)])
      .default([]),
    /** So many groups, the dearest. */
    first,
  })
  .refine(isForwards, BACKWARDS);

export type UsageInput = z.input<typeof usageInput>;

/** `nowMs` is the end of a series that says none. */
export const usageSeriesInput = (nowMs: number) =>
  z
    .strictObject({
      ...range,
      step: z.enum(['hour', 'day']),
      zone: z.string().refine(isZone, 'must be the IANA name of a time zone').default('UTC'),
    })
    .transform(({ to = nowMs, from, ...rest }) => ({
      ...rest,
      to,
      from: from ?? Math.max(0, to - STEPS[rest.step].backMs),
    }))
    .refine(isForwards, BACKWARDS)
    .refine(({ from, to, step }) => (to - from) / STEPS[step].ms <= POINTS_MAX, {
      path: ['step'],
      error: `makes more than ${POINTS_MAX} points: ask for a shorter time, or for days`,
    });

export type UsageSeriesInput = z.input<ReturnType<typeof usageSeriesInput>>;

/** A filter alone, and times. */
export const usageRangeInput = z.strictObject(range).refine(isForwards, BACKWARDS);

export type UsageRangeInput = z.input<typeof usageRangeInput>;
