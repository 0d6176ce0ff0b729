import { z } from 'zod';
import { FIGURES, FIGURE_NAMES, rateOfFigure } from '../accounting/prices/figures.ts';
import type { FigureName } from '../accounting/prices/figures.ts';
import type { PriceRates, PriceSheet } from '../accounting/prices/price-row.ts';
import type { UsageClass } from '../entities/usage.ts';
import type { Provider } from '../providers/provider.ts';
import { dollars } from './amount-input.ts';
import { note } from './correction-input.ts';
import { first } from './page.ts';
import { ANY, unknownProvider } from './price-mistakes.ts';
import { time } from './time-input.ts';

/** A million dollars for a million tokens is beyond anything that was ever sold. */
const FIGURE_NANO_MAX = 10n ** 15n;
const MODEL_CHARS_MAX = 256;
const TIERS_MAX = 20;

const figure = dollars(
  (nano) => nano >= 0n && nano <= FIGURE_NANO_MAX,
  'must be an amount in dollars, such as 2.50, from 0 to 1000000',
).optional();

type Figures = { [name in FigureName]?: bigint | undefined };

const figures = Object.fromEntries(FIGURE_NAMES.map((name) => [name, figure])) as Record<
  FigureName,
  typeof figure
>;

const hasFigure = (given: Figures): boolean =>
  FIGURE_NAMES.some((name) => given[name] !== undefined);

const NO_FIGURE = 'give at least one price';

const tier = z
  .strictObject({ startsAbove: z.number().int().min(0), ...figures })
  .refine(hasFigure, NO_FIGURE);

/** Rising, so that the last one that applies is the one that is meant. */
const tiers = z
  .array(tier)
  .max(TIERS_MAX)
  .refine(
    (all) => new Set(all.map(({ startsAbove }) => startsAbove)).size === all.length,
    'two begin at the same number of tokens',
  )
  .transform((all) => all.toSorted((left, right) => left.startsAbove - right.startsAbove))
  .default([]);

/** A new version of a model's price. */
export const setPriceInput = (providers: ReadonlyMap<string, Provider>) =>
  z
    .strictObject({
      /** As for prices of the configuration: a provider, a price list, or `*`. */
      provider: z
        .string()
        .trim()
        .toLowerCase()
        .refine((name) => unknownProvider(name, providers) === null, {
          error: ({ input }) => unknownProvider(String(input), providers) ?? '',
        })
        .default(ANY),
      /** As its provider knows it. */
      model: z.string().trim().min(1).max(MODEL_CHARS_MAX),
      /** From now on, unless given. */
      validFrom: time.optional(),
      /** It may be valid from a time that has passed. */
      isRetroactive: z.boolean().default(false),
      ...figures,
      tiers,
      note: note.optional(),
    })
    .refine(hasFigure, NO_FIGURE);

export type SetPriceInput = z.input<ReturnType<typeof setPriceInput>>;

type SetPrice = z.output<ReturnType<typeof setPriceInput>>;

export const sheetOf = (wanted: SetPrice): PriceSheet => ({
  rates: ratesOf(wanted),
  tiers: wanted.tiers.map((one) => ({ startsAbove: one.startsAbove, rates: ratesOf(one) })),
});

function ratesOf(given: Figures): PriceRates {
  const rates: { [usageClass in UsageClass]?: bigint } = {};
  for (const name of FIGURE_NAMES) {
    const nano = given[name];
    if (nano !== undefined) rates[FIGURES[name].usageClass] = rateOfFigure(name, nano);
  }
  return rates;
}

export const pricesInput = z.strictObject({
  filter: z
    .strictObject({
      /** As the price says; `*` is those for any provider. */
      provider: z.string().trim(),
      model: z.string().trim(),
      source: z.enum(['catalogue', 'config', 'operator']),
      /** Only versions that calls of that time are priced by. */
      at: time,
    })
    .partial()
    .default({}),
  first,
  after: z.string().optional(),
});

export type PricesInput = z.input<typeof pricesInput>;

export const priceOfInput = z.strictObject({
  provider: z.string().trim().toLowerCase(),
  model: z.string().trim(),
  /** Now, unless given. */
  at: time.optional(),
});

export type PriceOfInput = z.input<typeof priceOfInput>;
