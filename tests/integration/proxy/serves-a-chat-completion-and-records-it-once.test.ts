import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';

test('a chat completion is served from the pool and recorded exactly once', async () => {
  const gateway = await startGateway();
  const response = await gateway.chat();
  expect(response.status).toBe(200);
  const answer = (await response.json()) as {
    usage: { prompt_tokens: number; completion_tokens: number };
  };
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({
    id: response.headers.get('x-request-id'),
    keyId: gateway.keyId,
    endpoint: 'chat.completions',
    model: 'gpt-4o-mini',
    status: 200,
    outcome: 'settled',
    reason: 'ok',
    usageSource: 'reported',
    input: answer.usage.prompt_tokens,
    output: answer.usage.completion_tokens,
    isPriced: true,
  });
  // gpt-4o-mini: 0.15 and 0.60 USD per million tokens.
  const cost =
    BigInt(answer.usage.prompt_tokens) * 150n + BigInt(answer.usage.completion_tokens) * 600n;
  expect(records[0]?.costNano).toBe(cost);
});

test('a call whose first credential is dead is served by the second, in one record', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', 'status;code=500');
  const response = await gateway.chat();
  expect(response.status).toBe(200);
  const [record] = await gateway.records();
  expect(record?.attempts.map((attempt) => attempt.verdict)).toEqual(['server_error', 'served']);
});
