import type { ModelPrice, TieredPrices } from '@pydantic/genai-prices';
import { USAGE_CLASSES } from '../../entities/usage.ts';
import type { UsageClass } from '../../entities/usage.ts';
import { nanoFromUsd } from '../../lib/money.ts';
import { rateOf, ratesFor } from './price-row.ts';
import type { PriceRates, PriceSheet } from './price-row.ts';

interface Meter {
  readonly usageClass: UsageClass;
  /** Our million units over the units the catalogue's figure is for. */
  readonly times: bigint;
  readonly per: bigint;
}

const tokens = (usageClass: UsageClass): Meter => ({ usageClass, times: 1n, per: 1n });
const hours: Meter = { usageClass: 'audioMillis', times: 1_000_000n, per: 3_600_000n };

/**
 * The catalogue's price keys that we meter. Where two keys meet in one class, because usage does
 * not tell them apart, the dearer rate is taken: picture tokens count as `input`, `cacheRead` and
 * `output`. Not metered, and so not in a cost: web and storage searches, citation tokens, pages,
 * video, and the surcharge for cache entries kept an hour (writes are at the default lifetime).
 */
const meters: { readonly [priceKey: string]: Meter } = {
  input_mtok: tokens('input'),
  input_image_mtok: tokens('input'),
  cache_read_mtok: tokens('cacheRead'),
  cache_image_read_mtok: tokens('cacheRead'),
  cache_write_mtok: tokens('cacheWrite'),
  output_mtok: tokens('output'),
  output_image_mtok: tokens('output'),
  output_reasoning_mtok: tokens('reasoning'),
  input_audio_mtok: tokens('inputAudio'),
  cache_audio_read_mtok: tokens('cacheReadAudio'),
  output_audio_mtok: tokens('outputAudio'),
  audio_hours: hours,
  input_audio_hours: hours,
  output_audio_hours: hours,
  requests_kcount: { usageClass: 'requests', times: 1_000n, per: 1n },
};

interface Figure extends Meter {
  readonly price: number | TieredPrices;
}

/** Below every threshold: the base rates. */
const BASE = -1;

/** The catalogue's prices of one model as our rates; undefined if nothing in them is metered. */
export function sheetFrom(prices: ModelPrice): PriceSheet | undefined {
  const figures: Figure[] = [];
  for (const [priceKey, price] of Object.entries(prices)) {
    const meter = meters[priceKey];
    if (meter !== undefined && price !== undefined) figures.push({ ...meter, price });
  }
  if (figures.length === 0) return undefined;
  const thresholds = figures.flatMap(({ price }) =>
    typeof price === 'number' ? [] : price.tiers.map((tier) => tier.start),
  );
  return sheetBy(thresholds, (startsAbove) => ratesAbove(figures, startsAbove));
}

/** A sheet that is nowhere cheaper than either of two. */
export function dearerSheet(left: PriceSheet, right: PriceSheet): PriceSheet {
  const thresholds = [...left.tiers, ...right.tiers].map((tier) => tier.startsAbove);
  return sheetBy(thresholds, (startsAbove) => {
    const leftRates = ratesFor(left, startsAbove + 1);
    const rightRates = ratesFor(right, startsAbove + 1);
    const rates: { [usageClass in UsageClass]?: bigint } = {};
    for (const usageClass of USAGE_CLASSES) {
      if (leftRates[usageClass] === undefined && rightRates[usageClass] === undefined) continue;
      rates[usageClass] = larger(rateOf(leftRates, usageClass), rateOf(rightRates, usageClass));
    }
    return rates;
  });
}

function sheetBy(
  thresholds: readonly number[],
  ratesAt: (startsAbove: number) => PriceRates,
): PriceSheet {
  const rising = [...new Set(thresholds)].toSorted((left, right) => left - right);
  return {
    rates: ratesAt(BASE),
    tiers: rising.map((startsAbove) => ({ startsAbove, rates: ratesAt(startsAbove) })),
  };
}

function ratesAbove(figures: readonly Figure[], startsAbove: number): PriceRates {
  const rates: { [usageClass in UsageClass]?: bigint } = {};
  for (const { usageClass, times, per, price } of figures) {
    const usd = typeof price === 'number' ? price : tierPrice(price, startsAbove);
    const rate = (nanoFromUsd(usd) * times + per - 1n) / per;
    rates[usageClass] = larger(rates[usageClass], rate);
  }
  return rates;
}

function tierPrice(price: TieredPrices, startsAbove: number): number {
  let usd = price.base;
  for (const tier of price.tiers.toSorted((left, right) => left.start - right.start)) {
    if (tier.start <= startsAbove) usd = tier.price;
  }
  return usd;
}

function larger(left: bigint | undefined, right: bigint | undefined): bigint {
  return (left ?? 0n) > (right ?? 0n) ? (left ?? 0n) : (right ?? 0n);
}
