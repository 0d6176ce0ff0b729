import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { poolAt, startUpstream, until, verdictsOf } from '../proxy/fixture.ts';
import { errorOf, named, received, servers, startFleet, statusOf } from './fixture.ts';

const TWO_TIERS = {
  // A rest that no machine is too slow to see.
  pool: { strategy: 'priority', rate_limited: { duration: '90s' } },
  members: [{}, { fields: { priority: 2 } }],
};

/** How a provider hides an error in a 200, plain and streamed. */
const FORMS = [
  ['a plain answer', false, (code: string) => `error-in-200;code=${code}`],
  ['the first event of a stream', true, (code: string) => `first-event-error;code=${code}`],
] as const;

const reasonsOf = async (gateway: Gateway) => {
  const record = (await gateway.records()).at(-1);
  return named(gateway, record?.route).excluded.map(({ credential, reason }) => [
    credential,
    reason,
  ]);
};

test.each(FORMS)(
  '%s: rate_limit_exceeded rests the credential for the model',
  async (_name, stream, fault) => {
    const gateway = await startFleet(TWO_TIERS);
    gateway.sandbox.faults.set('cred-1', fault('rate_limit_exceeded'), { times: 1 });
    const response = await gateway.chat({ stream });
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).not.toContain('The sandbox was asked to fail');
    expect(text).toContain(stream ? '[DONE]' : '"chat.completion"');
    expect((await gateway.records()).map(verdictsOf)).toEqual([['rate_limited', 'served']]);
    expect(await statusOf(gateway, { stream })).toBe(200);
    expect(await reasonsOf(gateway)).toEqual([['cred-1', 'cooling']]);
    expect(await statusOf(gateway, { stream, model: 'gpt-4o' })).toBe(200);
    expect(servers(gateway)).toEqual(['cred-1', 'cred-2', 'cred-2', 'cred-1']);
  },
);

test.each(FORMS)(
  '%s: insufficient_quota exhausts the credential until money is seen',
  async (_name, stream, fault) => {
    const gateway = await startFleet(TWO_TIERS);
    const [account] = gateway.sandbox.credentials;
    if (account !== undefined) account.balanceNano = 0n;
    gateway.sandbox.faults.set('cred-1', fault('insufficient_quota'), { times: 1 });
    expect(await statusOf(gateway, { stream })).toBe(200);
    expect((await gateway.records()).map(verdictsOf)).toEqual([['out_of_quota', 'served']]);
    expect(await statusOf(gateway, { stream, model: 'gpt-4o' })).toBe(200);
    expect(await reasonsOf(gateway)).toEqual([['cred-1', 'exhausted']]);
    if (account !== undefined) account.balanceNano = 10_000_000_000n;
    await gateway.app.balances.refresh();
    expect(await statusOf(gateway, { stream, model: 'gpt-4o' })).toBe(200);
    expect(servers(gateway)).toEqual(['cred-1', 'cred-2', 'cred-2', 'cred-1']);
  },
);

test.each(FORMS)(
  '%s: invalid_request_error is the client’s, as a 400',
  async (_name, stream, fault) => {
    const gateway = await startFleet(TWO_TIERS);
    gateway.sandbox.faults.set('cred-1', fault('invalid_request_error'), { times: 1 });
    const response = await gateway.chat({ stream });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect((await errorOf(response)).message).toBe('The sandbox was asked to fail.');
    expect(servers(gateway)).toEqual(['cred-1']);
    expect(await statusOf(gateway, { stream })).toBe(200);
    expect(servers(gateway).at(-1)).toBe('cred-1');
    expect((await gateway.records())[0]).toMatchObject({
      status: 400,
      outcome: 'voided',
      costNano: 0n,
    });
  },
);

test.each(FORMS)(
  '%s: invalid_api_key is looked into, and bans what the provider refuses',
  async (_name, stream, fault) => {
    const gateway = await startFleet(TWO_TIERS);
    gateway.sandbox.faults.set('cred-1', fault('invalid_api_key'), { times: 1 });
    gateway.sandbox.faults.set('cred-1', 'status;code=401', { path: '/v1/credits' });
    expect(await statusOf(gateway, { stream })).toBe(200);
    await until(async () => (await gateway.events('credential_ban.imposed')).length === 1);
    expect(await statusOf(gateway, { stream, model: 'gpt-4o' })).toBe(200);
    expect(servers(gateway)).toEqual(['cred-1', 'cred-2', 'cred-2']);
  },
);

test.each(FORMS)(
  '%s: any other error is the origin’s, and another credential serves',
  async (_name, stream, fault) => {
    const gateway = await startFleet(TWO_TIERS);
    gateway.sandbox.faults.set('cred-1', fault('engine_on_fire'), { times: 1 });
    const response = await gateway.chat({ stream });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain('engine_on_fire');
    expect((await gateway.records()).map(verdictsOf)).toEqual([['server_error', 'served']]);
    expect(servers(gateway)).toEqual(['cred-1', 'cred-2']);
  },
);

test.each(FORMS)(
  '%s: with nobody left the client gets a real status, not a 200',
  async (_name, stream, fault) => {
    const gateway = await startGateway();
    for (const { name } of gateway.sandbox.credentials) {
      gateway.sandbox.faults.set(name, fault('rate_limit_exceeded'));
    }
    const response = await gateway.chat({ stream });
    expect(response.status).toBe(429);
    expect(await errorOf(response)).toMatchObject({ code: 'upstream_rate_limited' });
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await gateway.records())[0]).toMatchObject({ outcome: 'voided', costNano: 0n });
    expect(received(gateway)).toHaveLength(3);
  },
);

test.each([
  ['OpenRouter’s number', '{"error":{"message":"Slow down","code":429}}', 'rate_limited'],
  ['Anthropic’s kind', '{"type":"error","error":{"type":"overloaded_error"}}', 'server_error'],
  ['a bare text', '{"error":{"message":"boom"}}', 'server_error'],
])('%s behind comments is seen as the first event', async (_name, error, verdict) => {
  const good =
    'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n';
  let calls = 0;
  const { baseUrl } = await startUpstream((response) => {
    calls += 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(
      calls === 1
        ? `: hello\n\n: wait\n\nevent: error\ndata: ${error}\n\n`
        : `${good}data: [DONE]\n\n`,
    );
  });
  const gateway = await startGateway({ pool: poolAt(baseUrl, baseUrl) });
  const response = await gateway.chat({ stream: true });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(`${good}data: [DONE]\n\n`);
  expect((await gateway.records()).map(verdictsOf)).toEqual([[verdict, 'served']]);
});

test('behind content an error is the client’s to see, and nobody else answers', async () => {
  const gateway = await startFleet(TWO_TIERS);
  const fault = 'mid-stream-error;after=2;code=rate_limit_exceeded';
  gateway.sandbox.faults.set('cred-1', fault, { times: 1 });
  const text = await (await gateway.chat({ stream: true })).text();
  expect(text).toContain('The sandbox was asked to fail');
  expect(text).not.toContain('[DONE]');
  expect(servers(gateway)).toEqual(['cred-1']);
  expect((await gateway.records())[0]).toMatchObject({ outcome: 'partial' });
  // It says of the credential what it would have said in the answer's place.
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).at(-1)).toBe('cred-2');
});
