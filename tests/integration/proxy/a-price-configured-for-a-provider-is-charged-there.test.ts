import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { poolAt, startUpstream } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const ANSWER = {
  id: 'c',
  object: 'chat.completion',
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
};

async function gatewayWith(provider: string, prices: object[]): Promise<Gateway> {
  const upstream = await startUpstream((response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(ANSWER));
  });
  const [credential] = poolAt(upstream.baseUrl).credentials;
  const pool = { credentials: [{ ...credential, provider }], discover_models: false };
  return await startGateway({ pool, file: { prices } });
}

const priceFor = (provider: string, usd: number) => ({
  provider,
  model: 'gpt-4o-mini',
  input: usd,
  output: usd,
});

/** 15 tokens at 7 dollars for a million; an estimate holds as much for each token. */
const COST_NANO = 15n * 7_000n;

test.each(['openai-compatible', 'xai', 'sandbox', 'openai'])(
  'of %s: what a call holds and costs, and what it is priced anew at',
  async (provider) => {
    const others = ['*', 'perplexity'].map((other) => priceFor(other, 99));
    const gateway = await gatewayWith(provider, [...others, priceFor(provider, 7)]);
    expect((await gateway.chat({ max_tokens: 100 })).status).toBe(200);
    const [record] = await gateway.records();
    expect(record).toMatchObject({ costNano: COST_NANO, isPriced: true });
    expect(record?.holdNano).toBeGreaterThan(100n * 7_000n);
    expect(record?.holdNano).toBeLessThan(100n * 99_000n);
    const report = await gateway.space.corrections.reprice(CLI, { dryRun: true });
    expect(report).toMatchObject({ calls: 1, entries: 0, afterNano: COST_NANO });
  },
);
