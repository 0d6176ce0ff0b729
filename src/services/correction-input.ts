import { z } from 'zod';
import { AMOUNT_NANO_MAX } from '../accounting/ledger/apply.ts';
import { nanoFromUsd } from '../lib/money.ts';
import { reference } from './fields.ts';

const NOTE_CHARS_MAX = 500;

const iso = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** A UTC day or a time, ISO 8601; epoch milliseconds inside. */
const time = z
  .string()
  .trim()
  .refine(
    (text) => iso.safeParse(text).success,
    'must be a day such as 2026-05-06, or a time such as 2026-05-06T12:00:00Z',
  )
  .transform((text) => Date.parse(text));

const note = z.string().trim().min(1).max(NOTE_CHARS_MAX);

/** Dollars as text or number; nano-USD inside. */
const dollars = (minNano: bigint, isFine: (nano: bigint) => boolean, message: string) =>
  z.union([z.string(), z.number()]).transform((amount, context): bigint => {
    const nano = amountOf(amount);
    const isWithin = nano !== null && nano >= minNano && nano <= AMOUNT_NANO_MAX;
    if (isWithin && isFine(nano)) return nano;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

function amountOf(amount: string | number): bigint | null {
  try {
    return nanoFromUsd(typeof amount === 'string' ? amount.trim() : amount);
  } catch {
    return null;
  }
}

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
  from: time,
  /** Calls that began before. */
  to: time,
  note,
});

export const repriceInput = (providerNames: ReadonlySet<string>) =>
  z
    .strictObject({
      ...z.object(repriceFields(providerNames)).partial().shape,
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
  cost: dollars(0n, () => true, 'must be an amount in dollars, such as 0.05, from 0 to 10000000'),
  /** By how much its cost was wrong. */
  delta: dollars(
    -AMOUNT_NANO_MAX,
    (nano) => nano !== 0n,
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
