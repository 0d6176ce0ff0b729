import { expect, test } from '@jest/globals';
import { looseSchema } from '../../../src/config/loose-schema.ts';
import { providers } from '../../../src/providers/index.ts';
import { priceMistakes } from '../../../src/services/price-mistakes.ts';

const mistakesOf = (...prices: unknown[]) =>
  priceMistakes(looseSchema.parse({ prices }).prices, providers);

test.each([...providers.keys(), 'x-ai', '*', ' OpenAI '])('a price may be for %p', (provider) => {
  expect(mistakesOf({ provider, model: 'm', input: 1 })).toEqual([]);
});

test('every price for a provider that no call goes by is named', () => {
  const prices = [{ provider: 'opanai' }, { model: 'm' }, 7, { provider: 'anthropic' }];
  expect(mistakesOf(...prices)).toEqual([
    expect.stringMatching(/^prices\[0\]\.provider: there is no "opanai"; known: \*, .*openai/),
    expect.stringMatching(/^prices\[3\]\.provider: there is no "anthropic"; known: .*x-ai/),
  ]);
});
