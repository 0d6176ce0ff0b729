import { beforeAll, describe, expect, test } from '@jest/globals';
import { catalogueMatchers, catalogueRows } from '../../../../src/accounting/prices/catalogue.ts';
import { configRows } from '../../../../src/accounting/prices/config-price.ts';
import type { ConfigPrice } from '../../../../src/accounting/prices/config-price.ts';
import { PriceBook } from '../../../../src/accounting/prices/price-book.ts';
import type { PriceRow } from '../../../../src/accounting/prices/price-row.ts';

const NOW = Date.UTC(2026, 9, 1);
const rows = catalogueRows();
const matchers = catalogueMatchers();
const bookWith = (...prices: ConfigPrice[]) =>
  new PriceBook([...configRows(prices), ...rows], matchers);

describe('a price book', () => {
  let book: PriceBook;
  beforeAll(() => {
    book = bookWith();
  });

  test.each<[string, string, string, string]>([
    ['an id', 'openai', 'gpt-4o-mini', 'openai/gpt-4o-mini'],
    ['a dated name', 'openai', 'gpt-4o-mini-2024-07-18', 'openai/gpt-4o-mini'],
    ['a compact date', 'openai', 'gpt-4o-mini-20240718', 'openai/gpt-4o-mini'],
    [
      'a dated name with a price of its own',
      'openai',
      'gpt-4o-2024-05-13',
      'openai/gpt-4o-2024-05-13',
    ],
    ['an alias', 'x-ai', 'grok-4-latest', 'x-ai/grok-4-0709'],
    ['capitals and spaces', 'OpenAI', ' GPT-4o-Mini ', 'openai/gpt-4o-mini'],
    ['a reseller with the maker’s prices', 'azure', 'gpt-4.1-nano', 'openai/gpt-4.1-nano'],
    ['a slug', 'vercel', 'openai/gpt-4o-mini', 'openai/gpt-4o-mini'],
    ['a dated slug', 'vercel', 'openai/gpt-4o-mini-2024-07-18', 'openai/gpt-4o-mini'],
    ['a maker known by another name', 'vercel', 'xai/grok-4', 'x-ai/grok-4-0709'],
    ['a maker known by its catalogue name', 'vercel', 'x-ai/grok-4', 'x-ai/grok-4-0709'],
    ['a slug with dots', 'vercel', 'anthropic/claude-sonnet-4.5', 'anthropic/claude-sonnet-4-5'],
    ['Google', 'vercel', 'google/gemini-2.5-flash', 'google/gemini-2.5-flash'],
    ['Mistral', 'vercel', 'mistral/codestral', 'mistral/codestral'],
    ['Perplexity', 'vercel', 'perplexity/sonar-pro', 'perplexity/sonar-pro'],
    ['Cohere', 'vercel', 'cohere/command-a', 'cohere/command-a'],
    ['Amazon', 'vercel', 'amazon/nova-lite', 'aws/amazon.nova-lite-v1:0'],
    ['Voyage', 'vercel', 'voyage/voyage-3.5', 'voyageai/voyage-3.5'],
    [
      'an aggregator with its own list',
      'openrouter',
      'openai/gpt-4o-mini',
      'openrouter/openai/gpt-4o-mini',
    ],
  ])('knows %s', (_name, provider, model, expected) => {
    const row = book.find(provider, model, NOW);
    expect(`${row?.provider}/${row?.model}`).toBe(expected);
  });

  test.each([
    ['an unknown model', 'openai', 'no-such-model'],
    ['an unknown provider', 'nobody', 'gpt-4o-mini'],
    ['a model without a list price', 'openai', 'tts-1'],
    ['a model priced in units we do not meter', 'mistral', 'mistral-ocr-latest'],
    ['a maker without a list', 'vercel', 'meta/llama-3.3-70b'],
    ['what is free at the maker only', 'vercel', 'google/gemma-4-31b-it'],
    ['a slug at a provider that has none', 'openai', 'openai/no-such-model'],
    ['a maker’s name alone', 'vercel', 'gpt-4o-mini'],
    ['an empty name', 'openai', ''],
    ['an empty maker', 'vercel', '/gpt-4o-mini'],
    ['an endless name', 'openai', `gpt-4o-${'x'.repeat(5_000)}`],
  ])('does not guess: %s', (_name, provider, model) => {
    expect(book.find(provider, model, NOW)).toBeUndefined();
  });

  test('answers the same object again, also after many other names', () => {
    const first = book.find('openai', 'gpt-4o-mini-2024-07-18', NOW);
    for (let index = 0; index < 10_050; index += 1) book.find('nobody', `model-${index}`, NOW);
    expect(book.find('openai', 'gpt-4o-mini-2024-07-18', NOW)).toBe(first);
    expect(first).toBeDefined();
  });

  test.each([
    ['before', Date.UTC(2025, 5, 10) - 1, 10_000_000_000n],
    ['from', Date.UTC(2025, 5, 10), 2_000_000_000n],
  ])('takes the version that holds: %s the change of o3', (_name, atMs, input) => {
    expect(book.find('openai', 'o3', atMs)?.rates.input).toBe(input);
  });
});

const mini = (provider: string, input: number): ConfigPrice => ({
  provider,
  model: 'gpt-4o-mini',
  input,
});
const inputUsd = (book: PriceBook, provider: string, model: string, atMs = NOW) =>
  Number(book.find(provider, model, atMs)?.rates.input ?? -1n) / 1e9;

describe('a configured price', () => {
  test('replaces the catalogue’s, all of it', () => {
    const row = bookWith(mini('openai', 7)).find('openai', 'gpt-4o-mini', NOW);
    expect(row).toMatchObject({ source: 'config', rates: { input: 7_000_000_000n } });
    expect(row?.rates.output).toBeUndefined();
  });

  test('also under the model’s other names', () => {
    expect(inputUsd(bookWith(mini('openai', 7)), 'openai', 'gpt-4o-mini-2024-07-18')).toBe(7);
  });

  test('leaves other models and providers alone', () => {
    const book = bookWith(mini('openai', 7));
    expect(inputUsd(book, 'openai', 'gpt-4.1-nano')).toBe(0.1);
    expect(inputUsd(book, 'vercel', 'openai/gpt-4o-mini')).toBe(0.15);
  });

  test('for any provider comes after one for the provider', () => {
    const book = bookWith(mini('*', 5), mini('openai', 7));
    expect(inputUsd(book, 'openai', 'gpt-4o-mini')).toBe(7);
    expect(inputUsd(book, 'azure', 'gpt-4o-mini')).toBe(5);
    expect(inputUsd(book, 'nobody', 'gpt-4o-mini')).toBe(5);
    expect(inputUsd(book, 'vercel', 'openai/gpt-4o-mini')).toBe(5);
  });

  test('can name a slug', () => {
    const slug = { provider: 'vercel', model: 'meta/llama-3.3-70b', input: 3 };
    expect(inputUsd(bookWith(slug), 'vercel', 'meta/llama-3.3-70b')).toBe(3);
  });

  test('holds from its time; until then the catalogue does', () => {
    const later = { ...mini('openai', 7), valid_from: '2027-01-01T00:00:00Z' };
    const atMs = Date.UTC(2027, 0, 1);
    const book = bookWith(later, { ...later, valid_from: '2028-01-01', input: 8 });
    expect(inputUsd(book, 'openai', 'gpt-4o-mini', atMs - 1)).toBe(0.15);
    expect(inputUsd(book, 'openai', 'gpt-4o-mini', atMs)).toBe(7);
    expect(inputUsd(book, 'openai', 'gpt-4o-mini', Date.UTC(2028, 0, 1))).toBe(8);
  });
});

const rowOf = (price: ConfigPrice): PriceRow => {
  const [made] = configRows([price]);
  if (made === undefined) throw new Error('a price is a row');
  return made;
};
const set = (price: ConfigPrice): PriceRow => ({ ...rowOf(price), source: 'operator' });

describe('an operator’s price', () => {
  const late = { valid_from: '2026-05-01T00:00:00Z' };
  const sooner = { valid_from: '2026-04-01T00:00:00Z' };
  const atMs = Date.UTC(2026, 5, 1);

  test('goes before one of the configuration for the same, also a newer one', () => {
    const book = new PriceBook([
      rowOf({ ...mini('openai', 7), ...late }),
      set({ ...mini('openai', 9), ...sooner }),
    ]);
    expect(inputUsd(book, 'openai', 'gpt-4o-mini', atMs)).toBe(9);
    expect(book.find('openai', 'gpt-4o-mini', Date.UTC(2026, 3, 1) - 1)).toBeUndefined();
  });

  test('until it holds leaves that of the configuration in force', () => {
    const book = new PriceBook([rowOf(mini('openai', 7)), set({ ...mini('openai', 9), ...late })]);
    expect(inputUsd(book, 'openai', 'gpt-4o-mini', Date.UTC(2026, 3, 15))).toBe(7);
    expect(inputUsd(book, 'openai', 'gpt-4o-mini', atMs)).toBe(9);
  });

  test('for any provider does not go before one for the provider', () => {
    const book = new PriceBook([rowOf(mini('openai', 7)), set(mini('*', 9))]);
    expect(inputUsd(book, 'openai', 'gpt-4o-mini')).toBe(7);
    expect(inputUsd(book, 'nobody', 'gpt-4o-mini')).toBe(9);
  });

  test('of two from the same time is the one that comes first', () => {
    const [last, first] = [set(mini('openai', 2)), set(mini('openai', 1))];
    expect(inputUsd(new PriceBook([last, first]), 'openai', 'gpt-4o-mini')).toBe(2);
  });
});

/** Of kinds whose price list has another name than they have. */
const compatible = {
  id: 'openai-compatible',
  priceKey: (model: string) => ({ provider: 'openai', model }),
};
const xai = { id: 'xai', priceKey: (model: string) => ({ provider: 'x-ai', model }) };

const usd = (book: PriceBook, upstream = 'gpt-4o-mini', atMs = NOW) =>
  Number(book.of(compatible, upstream, atMs)?.rates.input ?? -1n) / 1e9;

const grok = (provider: string) => ({ provider, model: 'house-grok', input: 3 });

describe('the price of a model at a kind of provider', () => {
  test('is the one for its own id, before that for its list, before that for any', () => {
    expect(usd(bookWith(mini('*', 5), mini('openai', 7), mini('openai-compatible', 9)))).toBe(9);
    expect(usd(bookWith(mini('*', 5), mini('openai', 7), mini('xai', 9)))).toBe(7);
    expect(usd(bookWith(mini('*', 5), mini('xai', 9)))).toBe(5);
    expect(usd(bookWith(mini('xai', 9)))).toBe(0.15);
  });

  test('is not that of others on the same list', () => {
    const book = bookWith(mini('openai-compatible', 9));
    expect(usd(book)).toBe(9);
    expect(inputUsd(book, 'openai', 'gpt-4o-mini')).toBe(0.15);
    const openai = { ...compatible, id: 'openai' };
    expect(book.of(openai, 'gpt-4o-mini', NOW)).toMatchObject({ source: 'catalogue' });
  });

  test('holds under other names of the model too, and from its time', () => {
    const book = bookWith({ ...mini('OpenAI-compatible', 9), valid_from: '2027-01-01' });
    const atMs = Date.UTC(2027, 0, 1);
    expect(usd(book, ' GPT-4o-mini-2024-07-18', atMs)).toBe(9);
    expect(usd(book, 'gpt-4o-mini', atMs - 1)).toBe(0.15);
    expect(usd(book, 'gpt-4.1-nano', atMs)).toBe(0.1);
  });

  test('can be configured under either name', () => {
    for (const provider of ['xai', 'x-ai']) {
      const row = bookWith(grok(provider)).of(xai, 'house-grok', NOW);
      expect(row).toMatchObject({ provider, source: 'config' });
    }
    expect(bookWith(grok('openai')).of(xai, 'house-grok', NOW)).toBeUndefined();
  });
});
