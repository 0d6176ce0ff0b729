import { z } from 'zod';

const NO_TIME = 'must be a day such as 2026-05-06, or a time such as 2026-05-06T12:00:00Z';

const iso = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** A UTC day or a time, as people write it. */
export const writtenTime = z
  .string()
  .trim()
  .refine((written) => iso.safeParse(written).success, NO_TIME)
  .transform((written) => Date.parse(written));

const date = z.date().transform((at) => at.getTime());

/** A UTC day or a time, ISO 8601 or a date; epoch milliseconds inside. */
export const time = z.union([date, writtenTime], { error: NO_TIME });
