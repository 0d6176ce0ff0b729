import { USAGE_CLASSES, isCount } from '../../entities/usage.ts';
import type { Usage, UsageClass } from '../../entities/usage.ts';
import { promptTokensOf, rateOf, ratesFor } from './price-row.ts';
import type { PriceSheet } from './price-row.ts';

const UNITS_PER_RATE = 1_000_000n;
const ALL_PRICED: readonly UsageClass[] = Object.freeze([]);

export interface Cost {
  /** Nano-USD. A lower bound when `unpriced` names a class. */
  readonly costNano: bigint;
  /** Classes that were used but have neither a rate nor a fallback; normally empty. */
  readonly unpriced: readonly UsageClass[];
}

/**
 * The cost of a call: the exact sum of units times rate, rounded up once. Settlements, estimates
 * and upper bounds are all computed here, so that they can be compared.
 * @throws RangeError if a count is negative, fractional or beyond 2^53 - 1
 */
export function costOf(usage: Usage, price: PriceSheet): Cost {
  const rates = ratesFor(price, promptTokensOf(usage));
  let sum = 0n;
  let unpriced: UsageClass[] | undefined;
  for (const usageClass of USAGE_CLASSES) {
    const units = usage[usageClass];
    if (units === 0) continue;
    if (!isCount(units)) throw new RangeError(`usage.${usageClass} is not a count: ${units}`);
    const rate = rateOf(rates, usageClass);
    if (rate === undefined) (unpriced ??= []).push(usageClass);
    else sum += BigInt(units) * rate;
  }
  const costNano = (sum + UNITS_PER_RATE - 1n) / UNITS_PER_RATE;
  return { costNano, unpriced: unpriced ?? ALL_PRICED };
}

/**
 * The dearest of some classes for a call with so many prompt tokens. An upper bound puts tokens
 * whose class is not known yet there: a prompt may turn out to be a cache write, which costs more
 * than plain input. The first class if none has a price.
 */
export function dearestClass(
  price: PriceSheet,
  classes: readonly [UsageClass, ...UsageClass[]],
  promptTokens: number,
): UsageClass {
  const rates = ratesFor(price, promptTokens);
  let [dearest] = classes;
  for (const usageClass of classes) {
    if ((rateOf(rates, usageClass) ?? -1n) > (rateOf(rates, dearest) ?? -1n)) dearest = usageClass;
  }
  return dearest;
}
