import type { UsageClass } from '../../entities/usage.ts';
import { nanoFromUsd } from '../../lib/money.ts';
import { FIGURES, rateOfFigure } from './figures.ts';
import type { FigureName } from './figures.ts';
import { identified } from './price-row.ts';
import type { PriceRates, PriceRow } from './price-row.ts';

type Usd = string | number | undefined;

/** An operator's price: US dollars per million tokens unless said otherwise. */
export interface ConfigPrice {
  /** `*`, the default, is any provider. */
  readonly provider?: string | undefined;
  readonly model: string;
  /** ISO 8601; without it the price always held. */
  readonly valid_from?: string | undefined;
  readonly input?: Usd;
  readonly cache_read?: Usd;
  readonly cache_write?: Usd;
  readonly output?: Usd;
  readonly reasoning?: Usd;
  readonly input_audio?: Usd;
  readonly output_audio?: Usd;
  /** Per picture. */
  readonly image?: Usd;
  /** Per minute. */
  readonly audio_minute?: Usd;
  readonly request?: Usd;
}

type RateField = Exclude<keyof ConfigPrice, 'provider' | 'model' | 'valid_from'>;

const fields: readonly (readonly [RateField, FigureName])[] = [
  ['input', 'input'],
  ['cache_read', 'cacheRead'],
  ['cache_write', 'cacheWrite'],
  ['output', 'output'],
  ['reasoning', 'reasoning'],
  ['input_audio', 'inputAudio'],
  ['output_audio', 'outputAudio'],
  ['image', 'image'],
  ['audio_minute', 'audioMinute'],
  ['request', 'request'],
];

/**
 * Price rows of a configuration.
 * @throws Error naming every mistake by index and field
 */
export function configRows(prices: readonly ConfigPrice[]): PriceRow[] {
  const mistakes: string[] = [];
  const seen = new Set<string>();
  const rows = prices.map((price, index) => {
    const at = `prices[${index}]`;
    const complain = (field: string, why: string) => mistakes.push(`${at}.${field}: ${why}`);
    const row = identified({
      provider: price.provider ?? '*',
      model: price.model,
      validFromMs: validFrom(price, complain),
      rates: ratesOf(price, complain),
      tiers: [],
      source: 'config',
      version: 'config',
    });
    if (row.model.trim() === '') complain('model', 'is empty');
    if (fields.every(([field]) => price[field] === undefined)) mistakes.push(`${at}: has no price`);
    const identity = `${row.provider}\n${row.model}\n${row.validFromMs}`.toLowerCase();
    if (seen.has(identity)) mistakes.push(`${at}: repeats an earlier provider, model and time`);
    seen.add(identity);
    return row;
  });
  if (mistakes.length > 0) throw new Error(`invalid prices: ${mistakes.join('; ')}`);
  return rows;
}

/** A date, or a time with its offset: local time would differ from machine to machine. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/;

type Complain = (field: string, why: string) => void;

function validFrom({ valid_from: text }: ConfigPrice, complain: Complain): number {
  if (text === undefined) return 0;
  const validFromMs = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(validFromMs)) complain('valid_from', `not a time: ${JSON.stringify(text)}`);
  return validFromMs;
}

function ratesOf(price: ConfigPrice, complain: Complain): PriceRates {
  const rates: { [usageClass in UsageClass]?: bigint } = {};
  for (const [field, figure] of fields) {
    const usd = price[field];
    if (usd === undefined) continue;
    try {
      const nano = nanoFromUsd(usd);
      if (nano < 0n) complain(field, `is negative: ${usd}`);
      rates[FIGURES[figure].usageClass] = rateOfFigure(figure, nano);
    } catch (error) {
      complain(field, error instanceof Error ? error.message : String(error));
    }
  }
  return rates;
}
