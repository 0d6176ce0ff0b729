import { z } from 'zod';
import { first } from './page.ts';
import { BACKWARDS, isForwards, times } from './stats-input.ts';

const TYPES_MAX = 50;
/** `noun.past_tense`, or its beginning and a `*`. */
const TYPE = /^[a-z_.]{0,100}\*?$/;

/** The number of an event, as a cursor or as it is. */
const seq = z.union([
  z.number().int().min(0),
  z
    .string()
    .regex(/^\d{1,15}$/, 'is no cursor of this list')
    .transform(Number),
]);

/** What is asked for of the events; absent is all. */
export const eventsInput = z
  .strictObject({
    ...times,
    /** Exact ones, and those that begin like one that ends with `*`. */
    types: z
      .array(
        z.string().min(1).regex(TYPE, 'must be the type of an event, or its beginning and a *'),
      )
      .max(TYPES_MAX)
      .readonly()
      .optional(),
    /** Id of the thing that changed. */
    subject: z.string().optional(),
    /** As events have them: `system`, `cli`, `admin`, `token:NAME`, `user:ID`. */
    actor: z.string().optional(),
    first,
    /** Only older ones than this. */
    after: seq.optional(),
    /** Only newer ones than this. */
    before: seq.optional(),
  })
  .refine(isForwards, BACKWARDS);

export type ListEvents = z.input<typeof eventsInput>;
export type EventsAsked = z.output<typeof eventsInput>;
