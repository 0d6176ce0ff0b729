import { z } from 'zod';
import { range } from './stats-input.ts';

const TYPES_MAX = 50;
const IDS_MAX = 100;

const text = z.string().min(1).max(256);

const eventType = z
  .string()
  .max(100)
  .regex(
    /^(?=.)[a-z_]*(?:\.[a-z_]*)?\*?$/,
    'must be a type such as `virtual_key.created`, or the start of some followed by `*`',
  );

const place = {
  /** Number of the last event seen; from now on unless given. */
  after: z.number().int().min(0).optional(),
  /** Id of the thing that changed. */
  subject: text.optional(),
};

export const eventsInput = z.strictObject({
  ...place,
  types: z.array(eventType).min(1).max(TYPES_MAX).readonly().optional(),
});

/** Of events about one kind of thing. */
export const changesInput = z.strictObject(place);

export const ids = z.array(text).max(IDS_MAX).readonly().optional();

export const balancesInput = z.strictObject({ credential: ids, pool: ids });

export const settledInput = z.strictObject({
  filter: range.shape.filter,
  outcome: z
    .array(z.enum(['settled', 'partial', 'voided', 'unknown']))
    .readonly()
    .optional(),
  /** Whether the client saw a status from 400 on. */
  isFailed: z.boolean().optional(),
});

export const statsInput = z.strictObject({
  intervalSeconds: z.number().int().min(1).max(60).default(1),
});

export type EventsInput = z.input<typeof eventsInput>;
export type ChangesInput = z.input<typeof changesInput>;
export type BalancesInput = z.input<typeof balancesInput>;
export type SettledInput = z.input<typeof settledInput>;
export type StatsInput = z.input<typeof statsInput>;
