import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import type { MatchLogic, ModelInfo, Provider } from '@pydantic/genai-prices';
import {
  CATALOGUE_VERSION,
  catalogueMatchers,
  catalogueRows,
} from '../../../../src/accounting/prices/catalogue.ts';
import { costOf } from '../../../../src/accounting/prices/cost.ts';
import { PriceBook } from '../../../../src/accounting/prices/price-book.ts';
import type { PriceRates, PriceRow } from '../../../../src/accounting/prices/price-row.ts';
import { USAGE_CLASSES, noUsage } from '../../../../src/entities/usage.ts';

const rows = catalogueRows();
const providers = (await waitForUpdate()) ?? [];
const NOW = new Date('2026-10-01T05:00:00Z');

describe('the catalogue', () => {
  test('is the release that is installed', () => {
    const file = 'node_modules/@pydantic/genai-prices/package.json';
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(CATALOGUE_VERSION).toBe(`genai-prices ${version}`);
  });

  /** Published list prices, in dollars: per million tokens unless said otherwise. */
  test.each<[string, string, PriceRates]>([
    // 0.15, 0.075 cached, 0.60
    [
      'openai',
      'gpt-4o-mini',
      { input: 150_000_000n, cacheRead: 75_000_000n, output: 600_000_000n },
    ],
    // 2.50, 1.25 cached, 10.00
    [
      'openai',
      'gpt-4o',
      { input: 2_500_000_000n, cacheRead: 1_250_000_000n, output: 10_000_000_000n },
    ],
    // 0.10, 0.025 cached, 0.40
    [
      'openai',
      'gpt-4.1-nano',
      { input: 100_000_000n, cacheRead: 25_000_000n, output: 400_000_000n },
    ],
    // 0.02
    ['openai', 'text-embedding-3-small', { input: 20_000_000n }],
    // 0.006 a minute, 0.36 an hour
    ['openai', 'whisper-1', { audioMillis: 100_000_000n }],
    // 1.25 text, 3.00 audio, 5.00
    [
      'openai',
      'gpt-4o-mini-transcribe',
      { input: 1_250_000_000n, inputAudio: 3_000_000_000n, output: 5_000_000_000n },
    ],
    // 5.00 text or 10.00 picture, 1.25 or 2.50 cached, 40.00: the dearer ones
    [
      'openai',
      'gpt-image-1',
      { input: 10_000_000_000n, cacheRead: 2_500_000_000n, output: 40_000_000_000n },
    ],
    // 0.30, 2.50 text or 30.00 picture
    ['google', 'gemini-2.5-flash-image', { input: 300_000_000n, output: 30_000_000_000n }],
    // 3.00, 15.00, and 14.00 for 1,000 requests
    [
      'perplexity',
      'sonar-pro',
      { input: 3_000_000_000n, output: 15_000_000_000n, requests: 14_000_000_000_000n },
    ],
    // 0.111 an hour is 30.833… nano a second
    ['groq', 'whisper-large-v3', { audioMillis: 30_833_334n }],
    ['openai', 'moderation', { input: 0n, output: 0n }],
    ['openrouter', 'openai/gpt-oss-20b:free', { input: 0n, output: 0n }],
  ])('prices %s %s exactly', (provider, model, rates) => {
    expect(versionsOf(provider, model).map((row) => row.rates)).toEqual([rates]);
  });

  test('keeps tiers: claude-sonnet-4-5 above 200,000 prompt tokens', () => {
    expect(versionsOf('anthropic', 'claude-sonnet-4-5')).toMatchObject([
      {
        provider: 'anthropic',
        model: 'claude-sonnet-4-5',
        validFromMs: 0,
        rates: {
          input: 3_000_000_000n,
          cacheRead: 300_000_000n,
          cacheWrite: 3_750_000_000n,
          output: 15_000_000_000n,
        },
        tiers: [
          {
            startsAbove: 200_000,
            rates: {
              input: 6_000_000_000n,
              cacheRead: 600_000_000n,
              cacheWrite: 7_500_000_000n,
              output: 22_500_000_000n,
            },
          },
        ],
        source: 'catalogue',
        version: CATALOGUE_VERSION,
      },
    ]);
  });

  test('takes the dearer hours: deepseek-v4-flash before and after its change', () => {
    const dear = { input: 440_000_000n, cacheRead: 14_000_000n, output: 1_320_000_000n };
    expect(versionsOf('deepseek', 'deepseek-v4-flash')).toMatchObject([
      { validFromMs: 0, rates: dear },
      { validFromMs: Date.UTC(2026, 7, 17), rates: dear },
    ]);
    expect(versionsOf('deepseek', 'deepseek-chat')).toMatchObject([
      { validFromMs: 0, rates: { input: 270_000_000n, output: 1_100_000_000n } },
    ]);
  });

  test('leaves out what it does not price', () => {
    for (const [provider, model] of [
      ['mistral', 'mistral-ocr-latest'],
      ['github-copilot', 'gpt-4o'],
      ['openrouter', 'google/lyria-3-pro-preview'],
    ] as const) {
      expect(versionsOf(provider, model)).toEqual([]);
    }
  });

  test('has one row for a provider, model and time, and no tier that is cheaper', () => {
    const identities = rows.map((row) => `${row.provider}\n${row.model}\n${row.validFromMs}`);
    expect(new Set(identities).size).toBe(rows.length);
    expect(rows.length).toBeGreaterThan(1_500);
    for (const row of rows) {
      let below = row.rates;
      for (const { rates } of row.tiers) {
        for (const name of USAGE_CLASSES) {
          expect(rates[name] === undefined).toBe(below[name] === undefined);
          expect((rates[name] ?? 0n) >= (below[name] ?? 0n)).toBe(true);
        }
        below = rates;
      }
    }
  });

  test('costs what the package itself computes, for every model, tier and version', () => {
    const compared = { equal: 0, dearer: 0 };
    for (const row of rows) {
      const next = rows.find(
        (other) =>
          other.provider === row.provider &&
          other.model === row.model &&
          other.validFromMs > row.validFromMs,
      );
      const atMs =
        next === undefined ? Math.max(NOW.getTime(), row.validFromMs) : next.validFromMs - 1;
      const tierStarts = row.tiers.map((tier) => tier.startsAbove);
      for (const promptTokens of [1_000, ...tierStarts, ...tierStarts.map((start) => start + 1)]) {
        const { ours, theirs, isDearer } = bothCosts(row, promptTokens, new Date(atMs));
        const tolerance = 2 + theirs * 1e-8;
        if (isDearer) {
          compared.dearer += 1;
          expect(ours).toBeGreaterThanOrEqual(theirs - tolerance);
        } else {
          compared.equal += 1;
          expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(tolerance);
        }
      }
    }
    expect(compared.equal).toBeGreaterThan(1_650);
    expect(compared.dearer).toBeLessThan(40);
  });

  test('resolves every name its rules mention as the package does', () => {
    const book = new PriceBook(rows, catalogueMatchers());
    let names = 0;
    for (const provider of providers) {
      const mentioned = provider.models.flatMap((model) => [model.id, ...textsOf(model.match)]);
      for (const name of mentioned.flatMap((text) => [text, `${text}-20250615`, `${text}-mini`])) {
        const theirs = calcPrice({}, name, { providerId: provider.id, timestamp: NOW });
        const isId = provider.models.some(({ id }) => id.toLowerCase() === name.toLowerCase());
        if (theirs === null && isId) continue;
        const ours = book.find(provider.id, name, NOW.getTime());
        const expected =
          theirs !== null && rows.some((row) => row.model === theirs.model.id)
            ? theirs.model.id
            : undefined;
        if (ours === undefined && theirs !== null && isUnmetered(theirs.model)) continue;
        names += 1;
        expect([provider.id, name, ours?.model]).toEqual([provider.id, name, expected]);
      }
    }
    expect(names).toBeGreaterThan(5_000);
  });
});

function versionsOf(provider: string, model: string): PriceRow[] {
  return rows.filter((row) => row.provider === provider && row.model === model);
}

/** Models without a row of their own: nothing, or nothing that we meter, is priced. */
function isUnmetered(model: ModelInfo): boolean {
  return !Array.isArray(model.prices)
    ? Object.keys(model.prices).every((key) => key.endsWith('kpages'))
    : model.prices.every(({ prices }) =>
        Object.keys(prices).every((key) => key.endsWith('kpages')),
      );
}

function textsOf(logic: MatchLogic): string[] {
  if ('or' in logic) return logic.or.flatMap(textsOf);
  if ('and' in logic) return logic.and.flatMap(textsOf);
  return 'regex' in logic ? [] : Object.values(logic);
}

/** The same call priced by us and by the package, in nano-USD. */
function bothCosts(row: PriceRow, promptTokens: number, timestamp: Date) {
  const provider = providers.find(({ id }) => id === row.provider) as Provider;
  const model = provider.models.find(({ id }) => id === row.model) as ModelInfo;
  const has = (name: keyof PriceRates, units: number) =>
    row.rates[name] === undefined ? 0 : units;
  const usage = {
    ...noUsage(),
    cacheRead: has('cacheRead', 200),
    cacheWrite: has('cacheWrite', 100),
    output: has('output', 700),
    reasoning: has('output', 50),
    inputAudio: has('inputAudio', 30),
    cacheReadAudio: has('cacheReadAudio', 20),
    outputAudio: has('outputAudio', 10),
    audioMillis: has('audioMillis', 90_000),
    requests: has('requests', 1),
  };
  const { cacheRead, cacheWrite, inputAudio, cacheReadAudio } = usage;
  const special = cacheRead + cacheWrite + inputAudio + cacheReadAudio;
  const whole = { ...usage, input: has('input', promptTokens - special) };
  const { total_price: usd } = calcPrice(
    {
      input_tokens: has('input', promptTokens),
      cache_read_tokens: cacheRead + cacheReadAudio,
      cache_write_tokens: cacheWrite,
      input_audio_tokens: inputAudio + cacheReadAudio,
      cache_audio_read_tokens: cacheReadAudio,
      output_tokens: usage.output + usage.reasoning + usage.outputAudio,
      output_reasoning_tokens: usage.reasoning,
      output_audio_tokens: usage.outputAudio,
      audio_seconds: usage.audioMillis / 1_000,
      input_audio_seconds: usage.audioMillis / 1_000,
    },
    row.model,
    {
      provider: { ...provider, models: [{ ...model, match: { equals: row.model } }] },
      timestamp,
    },
  ) ?? { total_price: Number.NaN };
  const cost = costOf(whole, row);
  expect(cost.unpriced).toEqual([]);
  const written = JSON.stringify(model.prices);
  return {
    ours: Number(cost.costNano),
    theirs: usd * 1e9,
    isDearer: /time_of_date|_image_/.test(written),
  };
}
