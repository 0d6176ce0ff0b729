import { waitForUpdate } from '@pydantic/genai-prices';
import type { ConditionalPrice, ModelInfo } from '@pydantic/genai-prices';
import { dearerSheet, sheetFrom } from './catalogue-sheet.ts';
import { clauseFrom } from './model-match.ts';
import type { ModelMatcher } from './model-match.ts';
import { identified } from './price-row.ts';
import type { PriceRow, PriceSheet } from './price-row.ts';

/** The release of the price list built in. */
export const CATALOGUE_VERSION = 'genai-prices 0.1.8';

/** The list that came with the package: without `updatePrices` nothing is ever fetched. */
const providers = (await waitForUpdate()) ?? [];

let rows: readonly PriceRow[] | undefined;
let matchers: readonly ModelMatcher[] | undefined;

/** Every price of the catalogue that we can meter; several rows for a model with dated prices. */
export const catalogueRows = (): readonly PriceRow[] => (rows ??= allRows());

/** The names of every model in the catalogue's order, priced or not: a model that we cannot price
 * must not be taken for one with a looser rule. */
export const catalogueMatchers = (): readonly ModelMatcher[] => (matchers ??= allMatchers());

function allRows(): PriceRow[] {
  return providers.flatMap(({ id: provider, models }) =>
    models.flatMap((model) =>
      versionsOf(model).map(({ validFromMs, sheet }) =>
        identified({
          provider,
          model: model.id,
          validFromMs,
          ...sheet,
          source: 'catalogue',
          version: CATALOGUE_VERSION,
        }),
      ),
    ),
  );
}

function allMatchers(): ModelMatcher[] {
  return providers.flatMap(({ id: provider, fallback_model_providers: resold = [] }) =>
    [provider, ...resold].flatMap((pricedBy) =>
      (providers.find(({ id }) => id === pricedBy)?.models ?? []).map((model) => ({
        provider,
        pricedBy,
        model: model.id,
        clause: clauseFrom(model.match),
      })),
    ),
  );
}

interface Version {
  readonly validFromMs: number;
  readonly sheet: PriceSheet;
}

/**
 * The dated versions of a model's price. Prices for hours of the day are folded in at the dearer
 * rate, since a call may end in other hours than it began in and a hold must not be too small.
 * In this release: deepseek's deepseek-chat, deepseek-reasoner, deepseek-v4-flash, deepseek-v4-pro.
 */
function versionsOf(model: ModelInfo): Version[] {
  const entries: ConditionalPrice[] = Array.isArray(model.prices)
    ? model.prices
    : [{ prices: model.prices }];
  const byHour = entries
    .filter(({ constraint }) => constraint?.type === 'time_of_date')
    .map((entry) => sheetOf(model, entry));
  return entries
    .filter(({ constraint }) => constraint?.type !== 'time_of_date')
    .flatMap((entry, index) => {
      const sheets = [sheetOf(model, entry), ...byHour].filter((sheet) => sheet !== undefined);
      if (sheets.length === 0) return [];
      return { validFromMs: index === 0 ? 0 : startOf(entry), sheet: sheets.reduce(dearerSheet) };
    });
}

function startOf({ constraint }: ConditionalPrice): number {
  return constraint?.type === 'start_date' ? Date.parse(constraint.start_date) : 0;
}

const FREE: PriceSheet = { rates: { input: 0n, output: 0n }, tiers: [] };

/** An empty price list means "free" or "not known"; only where the catalogue says free is it 0. */
function sheetOf(model: ModelInfo, { prices }: ConditionalPrice): PriceSheet | undefined {
  if (Object.keys(prices).length > 0) return sheetFrom(prices);
  const words = [model.name, model.description, model.price_comments].join(' ');
  return model.id.endsWith(':free') || /\(free\)|free of charge/i.test(words) ? FREE : undefined;
}
