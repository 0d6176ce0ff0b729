import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { aSandbox, isFinished, KEY, rawCall, sdk } from './fixture.ts';

const model = 'gpt-4o-mini';
const messages = [{ role: 'user' as const, content: 'Hello' }];

describe('credits', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await aSandbox();
  });

  afterEach(() => sandbox.close());

  async function credits(): Promise<unknown> {
    const headers = { authorization: `Bearer ${KEY}` };
    return (await fetch(`${sandbox.url}/v1/credits`, { headers })).json();
  }

  test('are exact decimal strings that fall by price times tokens', async () => {
    expect(await credits()).toEqual({ balance: '1.00', total_used: '0.00' });
    const client = sdk(sandbox, { 'x-sandbox-usage': 'prompt=1000,completion=100,cached=200' });
    await client.chat.completions.create({ model, messages });
    // 800 × 150 + 200 × 75 + 100 × 600 nano-USD
    expect(await credits()).toEqual({ balance: '0.999805', total_used: '0.000195' });
  });

  test('of one credential do not touch those of another', async () => {
    await sdk(sandbox).chat.completions.create({ model, messages });
    const [first, second] = sandbox.credentials;
    expect(first?.balanceNano).toBeLessThan(1_000_000_000n);
    expect(second?.balanceNano).toBe(1_000_000_000n);
  });

  test('equal the sum of the costs that the witness noted', async () => {
    const client = sdk(sandbox);
    await Promise.all(
      Array.from({ length: 20 }, () => client.chat.completions.create({ model, messages })),
    );
    const costs = sandbox.witness.entries.filter(isFinished).map((entry) => BigInt(entry.costNano));
    expect(costs).toHaveLength(20);
    expect(sandbox.credentials[0]?.usedNano).toBe(costs.reduce((sum, cost) => sum + cost, 0n));
  });

  test('at zero refuse metered calls with 402, and only those', async () => {
    for (const account of sandbox.credentials) account.balanceNano = 0n;
    await expect(sdk(sandbox).chat.completions.create({ model, messages })).rejects.toMatchObject({
      status: 402,
      code: 'insufficient_quota',
    });
    expect((await sdk(sandbox).models.list()).data).not.toHaveLength(0);
  });

  test.each([
    ['status;code=500', '0'],
    ['never-answer', '0'],
    ['close-before-head', '0'],
    ['cut-after-bytes;n=10', 'some'],
    ['no-usage', 'some'],
  ])('under %s cost %s', async (fault, cost) => {
    const call = rawCall(sandbox, { headers: { 'x-sandbox-fault': fault } });
    if (fault === 'never-answer') {
      await sandbox.witness.waitFor((entry) => entry.kind === 'received', PATIENCE_MS);
      await sandbox.close();
    }
    await call;
    const entry = await sandbox.witness.waitFor(isFinished, PATIENCE_MS);
    expect(entry.costNano === '0').toBe(cost === '0');
    expect(sandbox.credentials[0]?.usedNano).toBe(BigInt(entry.costNano));
  });
});
