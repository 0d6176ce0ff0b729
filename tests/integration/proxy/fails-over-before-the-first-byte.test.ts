import { expect, test } from '@jest/globals';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { afterwards, arrivals, deadBaseUrl, poolAt, verdictsOf } from './fixture.ts';

interface ErrorAnswer {
  error: { message: string; type: string; code: string | null };
}

/** Every credential of the gateway's fleet fails like this. */
function failAll({ sandbox }: Gateway, ...faults: string[]): void {
  for (const [index, { name }] of sandbox.credentials.entries()) {
    sandbox.faults.set(name, faults[index] ?? faults[0] ?? '');
  }
}

test.each([
  ['401', 'status;code=401', 'unauthorized'],
  ['402', 'status;code=402;type=billing;error-code=no_money', 'payment_required'],
  ['402 insufficient_quota', 'status;code=402', 'out_of_quota'],
  ['403', 'status;code=403', 'forbidden'],
  ['429', 'status;code=429', 'rate_limited'],
  ['429 insufficient_quota', 'insufficient-quota', 'out_of_quota'],
  ['500 in HTML', 'status;code=500;body=html', 'server_error'],
  ['502', 'status;code=502', 'server_error'],
  ['503', 'status;code=503', 'server_error'],
  ['529', 'status;code=529', 'server_error'],
])('after %s the next credential serves', async (_name, fault, verdict) => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', fault);
  const response = await gateway.chat();
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ object: 'chat.completion' });
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  expect(verdictsOf(records[0])).toEqual([verdict, 'served']);
  expect(arrivals(gateway).map((entry) => entry.credential)).toEqual(['cred-1', 'cred-2']);
});

test('after a refused connection the next credential serves; with none left it is a 502', async () => {
  const fleet = canaryFleet(10);
  const elsewhere = await startSandbox({ credentials: fleet });
  afterwards(() => elsewhere.close());
  const [dead, alive] = poolAt(await deadBaseUrl(), `${elsewhere.url}/v1`).credentials;
  const credentials = [dead, { ...alive, api_key: fleet[0]?.key }];
  const gateway = await startGateway({ fleet, pool: { credentials } });
  const served = await gateway.chat();
  expect(served.status).toBe(200);

  await elsewhere.close();
  const failed = await gateway.chat();
  expect(failed.status).toBe(502);
  expect(((await failed.json()) as ErrorAnswer).error.code).toBe('upstream_error');
  expect((await gateway.records()).map(verdictsOf)).toEqual([
    ['connect_failed', 'served'],
    ['connect_failed', 'connect_failed'],
  ]);
});

test.each([
  ['all 401', ['status;code=401'], 503, 'no_credentials', '30'],
  ['all 500', ['status;code=500;body=html'], 502, 'upstream_error', null],
  [
    'all 429, the second free first',
    [
      'status;code=429;retry-after=7',
      'status;code=429;retry-after=3',
      'status;code=429;retry-after=9',
    ],
    429,
    'upstream_rate_limited',
    '3',
  ],
  ['all 429 at once', ['status;code=429;retry-after=0'], 429, 'upstream_rate_limited', '1'],
] as const)('%s: the client gets the right error', async (_name, faults, status, code, retry) => {
  const gateway = await startGateway();
  failAll(gateway, ...faults);
  const response = await gateway.chat();
  expect(response.status).toBe(status);
  expect(((await response.json()) as ErrorAnswer).error.code).toBe(code);
  expect(response.headers.get('retry-after')).toBe(retry);
  const [record] = await gateway.records();
  expect(record).toMatchObject({ outcome: 'voided', costNano: 0n, status });
  expect(record?.attempts).toHaveLength(3);
});

test('no more than three upstream calls are made for one client call', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(1, 1, 1, 1, 1) });
  failAll(gateway, 'status;code=500');
  expect((await gateway.chat()).status).toBe(502);
  expect(arrivals(gateway)).toHaveLength(3);
});

test.each([400, 404, 413, 422])(
  'a %i is the client’s own fault: its answer comes back and nobody is blamed',
  async (status) => {
    const gateway = await startGateway();
    gateway.sandbox.faults.set(
      'cred-1',
      `status;code=${status};error-code=unheard_of;message=Not%20like%20this.`,
      {
        times: 1,
      },
    );
    const response = await gateway.chat();
    expect(response.status).toBe(status);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(((await response.json()) as ErrorAnswer).error.message).toBe('Not like this.');
    expect(arrivals(gateway)).toHaveLength(1);
    const [record] = await gateway.records();
    expect(record).toMatchObject({ status, outcome: 'voided', costNano: 0n });
    expect(verdictsOf(record)).toEqual(['client_error']);
    expect(await gateway.events('credential_health.suspect')).toEqual([]);
  },
);

test.each([401, 400])(
  'an upstream %i that quotes our credential is not passed on',
  async (status) => {
    const gateway = await startGateway();
    failAll(gateway, `echo-authorization;code=${status}`);
    const response = await gateway.chat();
    expect(response.status).not.toBe(401);
    const shown = JSON.stringify([await response.text(), [...response.headers]]);
    for (const { key } of gateway.sandbox.credentials) expect(shown).not.toContain(key);
    expect(shown).not.toContain('Incorrect API key');
  },
);

test('an error object under status 200 is charged nothing and does not reach the client', async () => {
  const gateway = await startGateway();
  failAll(gateway, 'error-in-200;message=Bearer%20secret');
  const response = await gateway.chat();
  expect(response.status).toBe(502);
  expect(await response.text()).not.toContain('secret');
  expect((await gateway.records())[0]).toMatchObject({ outcome: 'voided', costNano: 0n });
});
