import { describe, expect, test } from '@jest/globals';
import { configRows } from '../../../../src/accounting/prices/config-price.ts';
import type { ConfigPrice } from '../../../../src/accounting/prices/config-price.ts';
import { costOf } from '../../../../src/accounting/prices/cost.ts';
import { noUsage } from '../../../../src/entities/usage.ts';

describe('a configured price', () => {
  test('becomes a row with every unit converted', () => {
    const [row] = configRows([
      {
        provider: 'openai',
        model: 'house-model',
        valid_from: '2026-01-02T00:00:00Z',
        input: 0.15,
        cache_read: '0.0375',
        cache_write: '0.2',
        output: '0.60',
        reasoning: 1,
        input_audio: 10,
        output_audio: '20.5',
        image: '0.04',
        audio_minute: 0.006,
        request: '0.005',
      },
    ]);
    expect(row).toMatchObject({
      provider: 'openai',
      model: 'house-model',
      validFromMs: Date.UTC(2026, 0, 2),
      rates: {
        input: 150_000_000n,
        cacheRead: 37_500_000n,
        cacheWrite: 200_000_000n,
        output: 600_000_000n,
        reasoning: 1_000_000_000n,
        inputAudio: 10_000_000_000n,
        outputAudio: 20_500_000_000n,
        images: 40_000_000_000_000n,
        audioMillis: 100_000_000n,
        requests: 5_000_000_000_000n,
      },
      tiers: [],
      source: 'config',
      version: 'config',
    });
  });

  test('holds for any provider and always, if nothing is said', () => {
    const [row] = configRows([{ model: 'm', input: 0 }]);
    expect(row).toMatchObject({ provider: '*', validFromMs: 0, rates: { input: 0n } });
  });

  test.each<[string, ConfigPrice, bigint]>([
    ['0.1 + 0.2 is taken as written', { model: 'm', input: 0.30000000000000004 }, 300_000_001n],
    ['a number with an exponent', { model: 'm', input: 1e-7 }, 100n],
    ['less than a nano', { model: 'm', input: '0.0000000001' }, 1n],
  ])('%s', (_name, price, rate) => {
    expect(configRows([price])[0]?.rates.input).toBe(rate);
  });

  test('a minute that is no round number of nanos is rounded up', () => {
    const [row] = configRows([{ model: 'm', audio_minute: '0.001' }]);
    expect(row?.rates.audioMillis).toBe(16_666_667n);
    const usage = { ...noUsage(), audioMillis: 60_000 };
    expect(row && costOf(usage, row).costNano).toBe(1_000_001n);
  });

  test('all mistakes are told at once, by place', () => {
    const mistaken: ConfigPrice[] = [
      { model: 'fine', input: 1 },
      { model: 'a', input: -0.5, output: Number.NaN, request: '1,5' },
      { model: ' ', image: Number.POSITIVE_INFINITY },
      { model: 'b' },
      { model: 'c', input: 1, valid_from: 'soon' },
      { model: 'd', input: 1, valid_from: '2026-01-01T00:00:00' },
      { model: 'FINE', input: 2 },
    ];
    const told = () => configRows(mistaken);
    const places = [
      /prices\[1\]\.input: is negative/,
      /prices\[1\]\.output: not an amount/,
      /prices\[1\]\.request: not an amount/,
      /prices\[2\]\.model: is empty/,
      /prices\[2\]\.image: not an amount/,
      /prices\[3\]: has no price/,
      /prices\[4\]\.valid_from: not a time/,
      /prices\[5\]\.valid_from: not a time/,
      /prices\[6\]: repeats/,
    ];
    for (const place of places) expect(told).toThrow(place);
    expect(told).not.toThrow(/prices\[0\]/);
  });
});
