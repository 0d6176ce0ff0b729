import { expect, test } from '@jest/globals';
import { proofCall } from '../../../src/cli/prove-call.ts';
import { toldCost } from '../../../src/cli/prove-verdict.ts';

const NOW_MS = Date.UTC(2026, 2, 1);

/** What the sandbox is told to bill, as it will tell it. */
function billed(headers: Record<string, string>): object {
  const text = headers['x-sandbox-usage'] ?? '';
  const [, prompt, completion] = /^prompt=(\d+),completion=(\d+)$/.exec(text) ?? [];
  return { prompt_tokens: Number(prompt), completion_tokens: Number(completion) };
}

test('a stream is estimated as any other call, and both cost what is held for them', () => {
  const { bodies, headers, costNano, price } = proofCall({ prices: [] }, NOW_MS);
  expect(Buffer.byteLength(bodies.stream)).toBe(Buffer.byteLength(bodies.whole));
  expect(JSON.parse(bodies.stream)).toEqual({ ...JSON.parse(bodies.whole), stream: true });
  // The published price of gpt-4o-mini.
  expect(price).toEqual({ input: 150_000_000n, output: 600_000_000n });
  expect(toldCost(billed(headers), price)).toBe(costNano);
});

test("the operator's own price is taken", () => {
  const own = { provider: 'sandbox', model: 'gpt-4o-mini', input: '1', output: '2' };
  const others = { ...own, provider: '*', input: '3' };
  const { headers, costNano, price } = proofCall({ prices: [others, own] }, NOW_MS);
  expect(price).toEqual({ input: 1_000_000_000n, output: 2_000_000_000n });
  expect(toldCost(billed(headers), price)).toBe(costNano);
});

test('where calls are free there is nothing to prove', () => {
  const free = { provider: '*', model: 'gpt-4o-mini', input: 0, output: 0 };
  expect(() => proofCall({ prices: [free] }, NOW_MS)).toThrow('no budget can be proved');
});
