import { z } from 'zod';
import { DURATION_MAX_MS, durationMs } from './duration.ts';

/** Money in a file: a number or decimal text, US dollars. */
export const usd = z.union([
  z.number().nonnegative(),
  z.string().regex(/^\d+(\.\d+)?$/, 'must be a decimal'),
]);

export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be lower-case letters, digits, ".", "_" or "-"');

const NO_DURATION =
  'must be a duration such as 30s, 5m or 1h30m, or a whole number of milliseconds, up to 87600h';

/** Milliseconds of a duration in a file. */
export const duration = z
  .union([z.number(), z.string()], { error: NO_DURATION })
  .transform((value, context) => {
    const ms = typeof value === 'number' ? value : durationMs(value);
    if (ms !== null && Number.isInteger(ms) && ms >= 1 && ms <= DURATION_MAX_MS) return ms;
    context.addIssue(NO_DURATION);
    return z.NEVER;
  })
  .meta({ title: 'duration' });

/** System D's word for "no end": empty or `permanent`. */
export const banDuration = z.preprocess(
  (value) => (value === '' || value === 'permanent' ? null : value),
  duration.nullable(),
);

/** So many in any 60 seconds; null is no limit, which files also write as -1 or 0 (contracts E.9). */
export const limit = z
  .number()
  .int()
  .min(-1)
  .max(1_000_000_000)
  .nullish()
  .transform((count) => (count === null || count === undefined || count <= 0 ? null : count));

/** A model's name, in which each `*` stands for any text. */
export const modelPattern = z
  .string()
  .min(1)
  .max(256)
  .refine((text) => text.split('*').length <= 3, 'may have two "*" at most')
  .refine((text) => !text.includes('**'), 'must not have "**"');
