import { describe, expect, test } from '@jest/globals';
import {
  charactersOf,
  estimateSpeech,
  estimateTranscript,
} from '../../../src/accounting/estimate-sound.ts';
import { costOf } from '../../../src/accounting/prices/cost.ts';
import type { PriceRates, PriceSheet } from '../../../src/accounting/prices/price-row.ts';
import { noUsage } from '../../../src/entities/usage.ts';

const sheet = (rates: PriceRates): PriceSheet => ({ rates, tiers: [] });
const DOLLAR = 1_000_000_000n;

/** As published: https://platform.openai.com/docs/pricing. */
const BY_CHARACTER = sheet({ input: 15n * DOLLAR });
const BY_TOKEN = sheet({ input: (6n * DOLLAR) / 10n, output: 12n * DOLLAR });
const BY_MINUTE = sheet({ audioMillis: (15n * DOLLAR * 1000n) / 60_000n });

/** A minute of it. */
const MINUTE = { model: 'm', text: 'abcd '.repeat(200), speed: 1 };

describe('speech', () => {
  test('is charged by characters where the price is for its text alone', () => {
    const usage = estimateSpeech({ ...MINUTE, text: 'Grüße 😀' }, BY_CHARACTER);
    expect(usage).toEqual({ ...noUsage(), input: 7 });
    expect(costOf(estimateSpeech(MINUTE, BY_CHARACTER), BY_CHARACTER)).toEqual({
      costNano: (15n * DOLLAR) / 1000n,
      unpriced: [],
    });
  });

  test('is charged by its sound too where the price has tokens, as the published price of a minute', () => {
    const usage = estimateSpeech(MINUTE, BY_TOKEN);
    expect(usage).toEqual({ ...noUsage(), input: 250, output: 60 * 21 });
    const { costNano, unpriced } = costOf(usage, BY_TOKEN);
    expect(unpriced).toEqual([]);
    expect(Number(costNano) / Number(DOLLAR)).toBeCloseTo(0.015, 3);
  });

  test('is charged by its time where the price has that', () => {
    const usage = estimateSpeech(MINUTE, BY_MINUTE);
    expect(usage).toEqual({ ...noUsage(), audioMillis: 60_000 });
    expect(costOf(usage, BY_MINUTE).unpriced).toEqual([]);
    const both = sheet({ ...BY_MINUTE.rates, input: 1n });
    expect(estimateSpeech(MINUTE, both)).toMatchObject({ input: 250, audioMillis: 60_000 });
  });

  test('has a class of its own where the price has one, and tokens where nobody knows the price', () => {
    const audio = sheet({ input: 1n, outputAudio: 1n });
    expect(estimateSpeech(MINUTE, audio)).toMatchObject({ output: 0, outputAudio: 60 * 21 });
    expect(estimateSpeech(MINUTE, undefined)).toMatchObject({ input: 250, output: 60 * 21 });
  });

  test.each([
    ['half the time at twice the pace', { speed: 2 }, 30],
    ['four times the time at a quarter', { speed: 0.25 }, 240],
    ['three letters for a sign of Chinese', { text: '字'.repeat(1000) }, 180],
    ['no more for letters of two bytes', { text: 'ж'.repeat(1000) }, 60],
    ['nothing for nothing', { text: '' }, 0],
  ])('takes %s', (_name, change, seconds) => {
    expect(estimateSpeech({ ...MINUTE, ...change }, BY_TOKEN).output).toBe(seconds * 21);
  });

  test('has more tokens at Gemini', () => {
    const asked = { ...MINUTE, model: 'google/gemini-2.5-flash-tts' };
    expect(estimateSpeech(asked, BY_TOKEN).output).toBe(60 * 25);
  });
});

test('characters are what a reader sees, not what holds them', () => {
  expect(['', 'abc', 'é', '😀', '字'].map(charactersOf)).toEqual([0, 3, 1, 1, 1]);
});

describe('a transcript', () => {
  test('is charged by the time of its sound where the price has that', () => {
    expect(estimateTranscript(480_000, BY_MINUTE)).toEqual({ ...noUsage(), audioMillis: 60_000 });
  });

  test('is charged by tokens heard and written otherwise', () => {
    const usage = { ...noUsage(), inputAudio: 1500, output: 180 };
    expect(estimateTranscript(480_000, BY_TOKEN)).toEqual(usage);
    expect(estimateTranscript(480_000, undefined)).toEqual(usage);
    expect(costOf(usage, BY_TOKEN).unpriced).toEqual([]);
  });
});
