import { z } from 'zod';
import { first } from './page.ts';
import type { Place } from './recent-calls.ts';
import { BACKWARDS, isForwards, range } from './stats-input.ts';

const OUTCOMES = ['settled', 'partial', 'voided', 'unknown'] as const;

const CURSOR = /^[0-9a-z]{1,9}\.[0-9a-f-]{1,36}$/;

export const cursorOf = ({ quarterMs, id }: Place): string => `${quarterMs.toString(36)}.${id}`;

function placeAt(cursor: string): Place {
  const [quarter = '', id = ''] = cursor.split('.');
  return { quarterMs: Number.parseInt(quarter, 36), id };
}

/** What is asked for of the requests on record; absent is all. */
export const requestsInput = range
  .extend({
    outcome: z.array(z.enum(OUTCOMES)).readonly().optional(),
    /** `ok`, or codes of the errors that ended them. */
    reason: z.array(z.string()).readonly().optional(),
    isStream: z.boolean().optional(),
    /** Whether the client saw a status from 400 on. */
    isFailed: z.boolean().optional(),
    first,
    after: z.string().regex(CURSOR, 'is no cursor of this list').transform(placeAt).optional(),
  })
  .refine(isForwards, BACKWARDS);

export type ListRequests = z.input<typeof requestsInput>;
