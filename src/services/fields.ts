import { z } from 'zod';
import { isId } from '../lib/ids.ts';

const METADATA_CHARS_MAX = 16_384;

/** What people call a thing. */
export const label = z.string().trim().min(1).max(255);

/** One that things are found by, so it may not pass for an id. */
export const uniqueName = label.refine((text) => !isId(text), 'may not look like an id');

/** Of operations that need no input but what they are about. */
export const nothing = z.strictObject({});

/** A thing as people name it. */
export const reference = z.string().trim().min(1);

const limitUpTo = (max: number) => z.number().int().min(1).max(max).nullable();

export const rpmLimit = limitUpTo(1_000_000);
export const tpmLimit = limitUpTo(1_000_000_000);
export const concurrencyLimit = limitUpTo(100_000);

export const metadata = z
  .record(z.string(), z.json())
  .refine(
    (notes) => JSON.stringify(notes).length <= METADATA_CHARS_MAX,
    `must not have more than ${METADATA_CHARS_MAX} characters as JSON`,
  );

/** Sets what was given; what is absent stays as it is. */
export function assignGiven<T extends object>(
  row: T,
  given: { [K in keyof T]?: T[K] | undefined },
): void {
  for (const key of Object.keys(given) as (keyof T)[]) {
    const value = given[key];
    if (value !== undefined) row[key] = value;
  }
}
