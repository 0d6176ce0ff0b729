import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { costOf, dearestClass } from '../../../../src/accounting/prices/cost.ts';
import type { PriceRates, PriceSheet } from '../../../../src/accounting/prices/price-row.ts';
import { USAGE_CLASSES, addUsage, noUsage } from '../../../../src/entities/usage.ts';
import type { Usage, UsageClass } from '../../../../src/entities/usage.ts';

const flat = (rates: PriceRates): PriceSheet => ({ rates, tiers: [] });
const some = (usage: Partial<Usage>): Usage => ({ ...noUsage(), ...usage });

/** gpt-4o-mini: $0.15, $0.075 cached, $0.60 out, per million. */
const mini = flat({ input: 150_000_000n, cacheRead: 75_000_000n, output: 600_000_000n });

describe('a cost', () => {
  test.each<[string, PriceSheet, Partial<Usage>, bigint]>([
    ['nothing used', mini, {}, 0n],
    ['a million of one class', mini, { input: 1_000_000 }, 150_000_000n],
    ['several classes', mini, { input: 1_000, cacheRead: 200, output: 500 }, 465_000n],
    ['less than a nano is one nano', flat({ input: 1n }), { input: 1 }, 1n],
    ['rounded once, not by class', flat({ input: 1n, output: 1n }), { input: 1, output: 1 }, 1n],
    ['exact at the nano', flat({ input: 1n }), { input: 1_000_000 }, 1n],
    ['one unit beyond', flat({ input: 1n }), { input: 1_000_001 }, 2n],
    ['free', flat({ input: 0n }), { input: 5_000 }, 0n],
    ['pictures, $0.04 each', flat({ images: 40_000_000_000_000n }), { images: 3 }, 120_000_000n],
    [
      'a minute at $0.006',
      flat({ audioMillis: 100_000_000n }),
      { audioMillis: 60_000 },
      6_000_000n,
    ],
    ['a request at $0.012', flat({ requests: 12_000_000_000_000n }), { requests: 1 }, 12_000_000n],
    [
      'figures beyond 2^53',
      flat({ output: 10n ** 20n }),
      { output: Number.MAX_SAFE_INTEGER },
      9_007_199_254_740_991n * 10n ** 14n,
    ],
  ])('%s', (_name, price, usage, costNano) => {
    expect(costOf(some(usage), price)).toEqual({ costNano, unpriced: [] });
  });

  test.each<[UsageClass, PriceRates, bigint]>([
    ['reasoning', { output: 7n }, 7n],
    ['reasoning', { output: 7n, reasoning: 3n }, 3n],
    ['cacheRead', { input: 5n }, 5n],
    ['cacheWrite', { input: 5n, cacheRead: 1n }, 5n],
    ['inputAudio', { input: 5n }, 5n],
    ['cacheReadAudio', { input: 5n }, 5n],
    ['cacheReadAudio', { input: 5n, inputAudio: 9n }, 9n],
    ['cacheReadAudio', { input: 5n, inputAudio: 9n, cacheRead: 2n }, 2n],
    ['outputAudio', { output: 7n }, 7n],
    ['cacheRead', { input: 5n, cacheRead: 0n }, 0n],
  ])('%s with rates %o', (usageClass, rates, costNano) => {
    const usage = some({ [usageClass]: 1_000_000 });
    expect(costOf(usage, flat(rates))).toEqual({ costNano, unpriced: [] });
  });

  test('names what has no price and still counts the rest', () => {
    const usage = some({ input: 1_000_000, images: 1, audioMillis: 1, requests: 1 });
    expect(costOf(usage, flat({ input: 8n }))).toEqual({
      costNano: 8n,
      unpriced: ['images', 'audioMillis', 'requests'],
    });
    expect(costOf(some({ output: 1 }), flat({ input: 8n })).unpriced).toEqual(['output']);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses %d tokens', (input) => {
    expect(() => costOf(some({ input }), mini)).toThrow(RangeError);
  });
});

describe('a tier', () => {
  const tiered: PriceSheet = {
    rates: { input: 3_000_000n, output: 15_000_000n },
    tiers: [
      { startsAbove: 200, rates: { input: 6_000_000n, output: 22_000_000n } },
      { startsAbove: 500, rates: { input: 9_000_000n, output: 30_000_000n } },
    ],
  };

  test.each<[string, Partial<Usage>, bigint]>([
    ['at the threshold the base holds', { input: 200, output: 1 }, 615n],
    ['one more, and all tokens cost more', { input: 201, output: 1 }, 1_228n],
    ['the next threshold', { input: 500 }, 3_000n],
    ['above the next', { input: 501 }, 4_509n],
    ['cached tokens count', { input: 100, cacheRead: 101 }, 1_206n],
    ['written tokens count', { input: 100, cacheWrite: 101 }, 1_206n],
    ['audio counts', { input: 100, inputAudio: 50, cacheReadAudio: 51 }, 1_206n],
    ['output does not', { input: 1, output: 1_000 }, 15_003n],
  ])('%s', (_name, usage, costNano) => {
    expect(costOf(some(usage), tiered).costNano).toBe(costNano);
  });
});

describe('the dearest class', () => {
  test('is by effective rate, in the tier of the prompt', () => {
    const price: PriceSheet = {
      rates: { input: 4n, cacheWrite: 5n },
      tiers: [{ startsAbove: 10, rates: { input: 9n, cacheWrite: 8n } }],
    };
    expect(dearestClass(price, ['input', 'cacheRead', 'cacheWrite'], 10)).toBe('cacheWrite');
    expect(dearestClass(price, ['cacheWrite', 'input'], 11)).toBe('input');
  });

  test('is the first if none has a price', () => {
    expect(dearestClass(flat({}), ['output', 'reasoning'], 0)).toBe('output');
  });
});

const each = <T>(arbitrary: fc.Arbitrary<T>) =>
  Object.fromEntries(USAGE_CLASSES.map((name) => [name, arbitrary])) as Record<
    UsageClass,
    fc.Arbitrary<T>
  >;

/** The fallbacks, written down a second time. */
const oracleRate = (r: PriceRates, name: UsageClass): bigint | undefined =>
  ({
    ...r,
    reasoning: r.reasoning ?? r.output,
    cacheRead: r.cacheRead ?? r.input,
    cacheWrite: r.cacheWrite ?? r.input,
    inputAudio: r.inputAudio ?? r.input,
    cacheReadAudio: r.cacheReadAudio ?? r.cacheRead ?? r.inputAudio ?? r.input,
    outputAudio: r.outputAudio ?? r.output,
  })[name];

describe('for any price and usage', () => {
  const count = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 2 ** 40 }));
  const rate = fc.bigInt({ min: 0n, max: 10n ** 16n });
  const usages: fc.Arbitrary<Usage> = fc.record(each(count));
  const fullRates = fc.record(each(rate));
  const partialRates = fc.record(each(rate), { requiredKeys: [] }) as fc.Arbitrary<PriceRates>;
  const rising: fc.Arbitrary<PriceSheet> = fc
    .tuple(fullRates, fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fullRates)))
    .map(([base, steps]) => {
      let rates = base;
      const tiers = steps
        .toSorted(([left], [right]) => left - right)
        .map(([startsAbove, more]) => {
          const next = { ...rates };
          for (const name of USAGE_CLASSES) next[name] += more[name];
          rates = next;
          return { startsAbove, rates };
        });
      return { rates: base, tiers };
    });

  test('the cost is the exact rational sum rounded up', () => {
    fc.assert(
      fc.property(usages, partialRates, (usage, rates) => {
        const { costNano, unpriced } = costOf(usage, flat(rates));
        let millionths = 0n;
        const missing: UsageClass[] = [];
        for (const name of USAGE_CLASSES) {
          const own = oracleRate(rates, name);
          if (own !== undefined) millionths += BigInt(usage[name]) * own;
          else if (usage[name] > 0) missing.push(name);
        }
        expect(unpriced).toEqual(missing);
        expect(costNano * 1_000_000n >= millionths).toBe(true);
        expect((costNano - 1n) * 1_000_000n < millionths).toBe(true);
      }),
    );
  });

  test('parts cost at least as much as the whole, by less than a nano each', () => {
    fc.assert(
      fc.property(usages, usages, fullRates, (left, right, rates) => {
        const whole = costOf(addUsage(left, right), flat(rates)).costNano;
        const parts = costOf(left, flat(rates)).costNano + costOf(right, flat(rates)).costNano;
        expect(whole <= parts).toBe(true);
        expect(parts - whole <= 1n).toBe(true);
      }),
    );
  });

  test('more usage never costs less, across tiers too', () => {
    fc.assert(
      fc.property(usages, usages, rising, (usage, more, price) => {
        const after = costOf(addUsage(usage, more), price).costNano;
        expect(after >= costOf(usage, price).costNano).toBe(true);
      }),
    );
  });

  test('prompt tokens of any class cost at most as much as all in the dearest one', () => {
    const prompt = ['input', 'cacheRead', 'cacheWrite', 'inputAudio', 'cacheReadAudio'] as const;
    const prompts = fc.tuple(...prompt.map(() => fc.integer({ min: 0, max: 300 })));
    fc.assert(
      fc.property(prompts, rising, (counts, price) => {
        const total = counts.reduce((sum, units) => sum + units, 0);
        const usage = some(Object.fromEntries(prompt.map((name, at) => [name, counts[at]])));
        const bound = some({ [dearestClass(price, prompt, total)]: total });
        expect(costOf(usage, price).costNano <= costOf(bound, price).costNano).toBe(true);
      }),
    );
  });
});
