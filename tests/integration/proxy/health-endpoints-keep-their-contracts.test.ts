import { expect, test } from '@jest/globals';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';

const ADMIN_SECRET = 'an-admin-secret-of-enough-length-for-tests';

const get = (gateway: Gateway, path: string, headers: Record<string, string> = {}) =>
  gateway.fetch(path, { method: 'GET', headers });

const polls = ({ sandbox }: Gateway) =>
  sandbox.witness.entries.filter(
    (entry) => entry.kind === 'received' && entry.path === '/v1/credits',
  ).length;

/** Naive UTC with microseconds. */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;

async function exhaust(gateway: Gateway): Promise<void> {
  for (const account of gateway.sandbox.credentials) {
    account.balanceNano = 0n;
    gateway.sandbox.faults.set(account.name, 'insufficient-quota');
  }
  expect((await gateway.chat()).status).toBe(503);
}

test('/health in the style of load balancers is always ok', async () => {
  const gateway = await startGateway({ env: { HEALTH_STYLE: 'lb' } });
  const healthy = await get(gateway, '/health');
  expect(healthy.status).toBe(200);
  expect(await healthy.json()).toEqual({
    status: 'ok',
    timestamp: expect.stringMatching(TIMESTAMP),
    credentials_available: 3,
    credentials_banned: 0,
    total_credentials: 3,
  });
  await exhaust(gateway);
  const exhausted = await get(gateway, '/health');
  expect(exhausted.status).toBe(200);
  expect(await exhausted.json()).toMatchObject({ status: 'ok', credentials_available: 0 });
});

test('/health in the style of routers fails when no credential can serve', async () => {
  const gateway = await startGateway({ env: { HEALTH_STYLE: 'router' } });
  expect(await (await get(gateway, '/health')).json()).toMatchObject({ status: 'healthy' });
  await exhaust(gateway);
  const unhealthy = await get(gateway, '/health');
  expect(unhealthy.status).toBe(503);
  expect(await unhealthy.json()).toMatchObject({
    status: 'unhealthy',
    credentials_available: 0,
    credentials_banned: 3,
  });
});

test('/livez and /readyz answer without a key', async () => {
  const gateway = await startGateway();
  for (const path of ['/livez', '/readyz']) {
    const response = await fetch(`${gateway.url}${path}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  }
});

test('/lb/health lists balances as numbers, and their sum', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10.5, 0.25) });
  const response = await fetch(`${gateway.url}/lb/health`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: 'ok',
    vercel_keys: [
      {
        name: 'cred-1',
        balance: 10.5,
        total_used: 0,
        last_updated: expect.stringMatching(TIMESTAMP),
      },
      {
        name: 'cred-2',
        balance: 0.25,
        total_used: 0,
        last_updated: expect.stringMatching(TIMESTAMP),
      },
    ],
    total_balance: 10.75,
    timestamp: expect.stringMatching(TIMESTAMP),
  });
});

test('/lb/refresh asks the providers, but not more often than every half minute', async () => {
  const gateway = await startGateway();
  const before = polls(gateway);
  const refresh = async () => (await fetch(`${gateway.url}/lb/refresh`, { method: 'POST' })).json();
  expect(await refresh()).toEqual({
    message: 'Credits refreshed',
    keys_count: 3,
    total_balance: 20,
  });
  await Promise.all([refresh(), refresh(), refresh()]);
  expect(polls(gateway) - before).toBe(3);
  gateway.clock.advance(30_000);
  await refresh();
  expect(polls(gateway) - before).toBe(6);
});

test('with LB_ENDPOINTS_AUTH=admin balances and metrics are the administrator’s alone', async () => {
  const gateway = await startGateway({ env: { LB_ENDPOINTS_AUTH: 'admin', ADMIN_SECRET } });
  const calls = [
    ['/lb/health', 'GET'],
    ['/lb/refresh', 'POST'],
    ['/metrics', 'GET'],
  ] as const;
  for (const [path, method] of calls) {
    const before = polls(gateway);
    const ask = (authorization: string) =>
      fetch(`${gateway.url}${path}`, { method, headers: { authorization } });
    for (const wrong of ['', `Bearer ${gateway.key}`, `Bearer ${ADMIN_SECRET}x`, ADMIN_SECRET]) {
      const refused = await ask(wrong);
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ error: { code: 'invalid_admin_secret' } });
    }
    expect(polls(gateway)).toBe(before);
    expect((await ask(`Bearer ${ADMIN_SECRET}`)).status).toBe(200);
    expect(polls(gateway) - before).toBe(path === '/lb/refresh' ? 3 : 0);
  }
  for (const path of ['/health', '/livez', '/readyz']) {
    expect((await fetch(`${gateway.url}${path}`)).status).toBe(200);
  }
});
