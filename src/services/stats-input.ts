import { z } from 'zod';
import { isZone } from '../accounting/budgets/period.ts';
import { USAGE_DIMENSIONS } from '../entities/usage-dimension.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';

const RECENT_MAX = 100;
/** More groups than anybody reads. */
export const GROUPS_MAX = 10_000;
const TIME_MAX = 8.64e15;

const ids = z.array(z.string()).readonly().optional();
const dimensions = Object.keys(USAGE_DIMENSIONS) as UsageDimension[];

/** Only what has one of the values, ids as records have them; absent is all. */
const filter = z
  .strictObject(
    Object.fromEntries(dimensions.map((name) => [name, ids])) as Record<UsageDimension, typeof ids>,
  )
  .default({});

const atMs = z.number().int().min(0).max(TIME_MAX).optional();

/** From `fromMs` on, up to but not including `toMs`, epoch milliseconds; absent is open. */
export const times = { fromMs: atMs, toMs: atMs };
export const range = z.strictObject({ filter, ...times });

type Times = { [name in keyof typeof times]?: number | undefined };

export const isForwards = ({ fromMs = 0, toMs = Number.POSITIVE_INFINITY }: Times) => fromMs < toMs;
export const BACKWARDS = { path: ['fromMs'], error: 'must be before toMs' };

export const rangeInput = range.refine(isForwards, BACKWARDS);

export const groupsInput = range
  .extend({
    /** Only so many, the dearest; all unless given. */
    count: z.number().int().min(1).max(GROUPS_MAX).optional(),
  })
  .refine(isForwards, BACKWARDS);

export const seriesInput = range
  .extend({
    step: z.enum(['hour', 'day']),
    zone: z.string().refine(isZone, 'must be the IANA name of a time zone').default('UTC'),
  })
  .refine(isForwards, BACKWARDS);

export const recentInput = z.strictObject({
  filter,
  count: z.number().int().min(1).max(RECENT_MAX).default(20),
});

export type UsageRange = z.input<typeof rangeInput>;
export type UsageGroups = z.input<typeof groupsInput>;
export type UsageSeries = z.input<typeof seriesInput>;
export type RecentCalls = z.input<typeof recentInput>;
