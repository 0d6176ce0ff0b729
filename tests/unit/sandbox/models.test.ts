import { describe, expect, test } from '@jest/globals';
import { checkOffer, costOf, findModel, MODELS, modelFor } from '../../../src/sandbox/models.ts';
import { unitsOf } from '../../../src/sandbox/tokens.ts';

const priceOf = (id: string): Parameters<typeof costOf>[0] =>
  modelFor(serviceOf(id), id, null).price;
const serviceOf = (id: string): Parameters<typeof modelFor>[0] =>
  findModel(id)?.services[0] ?? 'chat';

describe('costOf', () => {
  test.each([
    ['gpt-4o-mini', unitsOf(4, 19), 12_000n],
    ['gpt-4o-mini', unitsOf(1000, 100, { cached: 200 }), 195_000n],
    ['gpt-4o-mini', unitsOf(10, 0, { reasoning: 5 }), 4_500n],
    ['gpt-4.1-nano', unitsOf(0, 0, { cached: 1 }), 25n],
    ['whisper-1', unitsOf(60, 0), 6_000_000n],
    ['tts-1', unitsOf(1_000_000, 0), 15_000_000_000n],
    ['rerank-v3.5', unitsOf(1, 0), 2_000_000n],
    ['omni-moderation-latest', unitsOf(0, 0), 0n],
  ])('%s', (id, units, costNano) => {
    expect(costOf(priceOf(id), units)).toBe(costNano);
  });

  test('rounds up once', () => {
    const price = { input: 1n, cached: 0n, output: 1n };
    expect(costOf(price, unitsOf(1, 0))).toBe(1n);
    expect(costOf(price, unitsOf(1, 1))).toBe(1n);
    expect(costOf(price, unitsOf(1_000_001, 0))).toBe(2n);
  });
});

test.each(MODELS.map((model) => model.id))('%s is also found with its prefix', (id) => {
  expect(findModel(`openai/${id}`)).toBe(findModel(id));
});

describe('an offer', () => {
  test('is what may be asked for, name by name', () => {
    const offer = checkOffer(['openai/gpt-4o']);
    expect(modelFor('chat', 'openai/gpt-4o', offer).id).toBe('gpt-4o');
    expect(() => modelFor('chat', 'gpt-4o', offer)).toThrow('does not exist');
  });

  test('has no names nobody knows', () => {
    expect(() => checkOffer(['gpt-4o', 'gpt-none', 'nope'])).toThrow('there is no gpt-none, nope');
  });
});
