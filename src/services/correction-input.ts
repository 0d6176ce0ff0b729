import { z } from 'zod';
import { AMOUNT_NANO_MAX } from '../accounting/ledger/apply.ts';
import { dollars } from './amount-input.ts';
import { reference } from './fields.ts';
import { time, writtenTime } from './time-input.ts';

const NOTE_CHARS_MAX = 500;

export const note = z.string().trim().min(1).max(NOTE_CHARS_MAX);

/** Which calls are priced anew; those of all times and models unless something is given. */
export const repriceFields = (providerNames: ReadonlySet<string>) => ({
  /** As asked for or as sent upstream. */
  model: reference,
  /** Of the credential that served, or whose price list the model is on. */
  provider: reference.refine((name) => providerNames.has(name), {
    error: ({ input }) =>
      `there is no ${JSON.stringify(input)}; known: ${[...providerNames].toSorted().join(', ')}`,
  }),
  /** Calls that began then or later. */
  from: writtenTime,
  /** Calls that began before. */
  to: writtenTime,
  note,
});

export const repriceInput = (providerNames: ReadonlySet<string>) =>
  z
    .strictObject({
      ...z.object(repriceFields(providerNames)).partial().shape,
      from: time.optional(),
      to: time.optional(),
      /** Only calls some of whose usage had no price. */
      onlyUnpriced: z.boolean().default(false),
      /** Judges all, writes nothing. */
      dryRun: z.boolean().default(false),
    })
    .refine(({ from = 0, to = Infinity }) => from < to, {
      path: ['from'],
      error: 'must be before to',
    });

export const adjustFields = {
  /** What the call cost. */
  cost: dollars(
    (nano) => nano >= 0n && nano <= AMOUNT_NANO_MAX,
    'must be an amount in dollars, such as 0.05, from 0 to 10000000',
  ),
  /** By how much its cost was wrong. */
  delta: dollars(
    (nano) => nano !== 0n && nano >= -AMOUNT_NANO_MAX && nano <= AMOUNT_NANO_MAX,
    'must be an amount in dollars other than 0, such as 0.05 or -0.05, up to 10000000',
  ),
  note,
};

export const adjustInput = z
  .strictObject({
    requestId: reference,
    cost: adjustFields.cost.optional(),
    delta: adjustFields.delta.optional(),
    /** Why: whoever reads the books later will ask. */
    note,
  })
  .refine(({ cost, delta }) => (cost === undefined) !== (delta === undefined), {
    path: ['cost'],
    error: 'give either cost or delta',
  });

export type RepriceInput = z.input<ReturnType<typeof repriceInput>>;
export type RepriceFilter = z.output<ReturnType<typeof repriceInput>>;
export type AdjustInput = z.input<typeof adjustInput>;
