import { expect, test } from '@jest/globals';
import { arrivalsOf, countOf } from '../proxy/fleet-load.ts';
import { errorOf, named, received, servers, startFleet, statusOf, together } from './fixture.ts';

test('a hundred calls at once fill each credential to its limit, and not one above', async () => {
  const gateway = await startFleet({
    members: [{ fields: { rpm: 7 } }, { fields: { rpm: 20 } }, { fields: { rpm: 1 } }],
  });
  const statuses = await together(gateway, 100);
  expect(countOf(statuses, 200)).toBe(28);
  expect(countOf(statuses, 429)).toBe(72);
  for (const [name, count] of [
    ['cred-1', 7],
    ['cred-2', 20],
    ['cred-3', 1],
  ] as const) {
    expect(arrivalsOf(gateway, name)).toHaveLength(count);
  }
});

test('a hundred calls at once get a model’s limit in the whole pool; other models have their own', async () => {
  const gateway = await startFleet({
    pool: { models: [{ name: 'gpt-4o-mini', rpm: 30 }] },
    members: [{}, {}, {}],
  });
  const statuses = await together(gateway, 100);
  expect(countOf(statuses, 200)).toBe(30);
  expect(countOf(statuses, 429)).toBe(70);
  expect(received(gateway)).toHaveLength(30);
  expect(countOf(await together(gateway, 50, { model: 'gpt-4o' }), 200)).toBe(50);
  gateway.clock.advance(30_000);
  const refused = await gateway.chat();
  expect(await errorOf(refused)).toMatchObject({ code: 'upstream_rate_limited' });
  const waitSeconds = Number(refused.headers.get('retry-after'));
  expect(waitSeconds).toBeGreaterThan(10);
  expect(waitSeconds).toBeLessThanOrEqual(30);
});

test('a credential that was full is not asked, and the next one is: no fail-over is needed', async () => {
  const gateway = await startFleet({
    pool: { strategy: 'priority' },
    members: [{ fields: { rpm: 1 } }, { fields: { priority: 2 } }],
  });
  expect(await together(gateway, 4)).toEqual([200, 200, 200, 200]);
  expect(servers(gateway).toSorted()).toEqual(['cred-1', 'cred-2', 'cred-2', 'cred-2']);
  const records = await gateway.records();
  expect(records.map(({ attempts }) => attempts.length)).toEqual([1, 1, 1, 1]);
  const routes = records.map(({ route }) => named(gateway, route));
  expect(routes.filter(({ excluded }) => excluded[0]?.reason === 'limited')).toHaveLength(3);
});

test('all are limited: 429 with the time of the first that is free again', async () => {
  const gateway = await startFleet({ members: [{ fields: { rpm: 1 } }, { fields: { rpm: 1 } }] });
  expect(await statusOf(gateway)).toBe(200);
  gateway.clock.advance(20_000);
  expect(await statusOf(gateway)).toBe(200);
  gateway.clock.advance(10_000);
  const refused = await gateway.chat();
  expect(refused.status).toBe(429);
  expect(await errorOf(refused)).toMatchObject({
    type: 'rate_limit_error',
    code: 'upstream_rate_limited',
    message: expect.stringContaining('rate limited'),
  });
  // Not the second's 50 seconds.
  const waitSeconds = Number(refused.headers.get('retry-after'));
  expect(waitSeconds).toBeGreaterThan(20);
  expect(waitSeconds).toBeLessThanOrEqual(30);
  expect(received(gateway)).toHaveLength(2);
  const [, , record] = await gateway.records();
  expect(record).toMatchObject({ status: 429, outcome: 'voided', attempts: [], costNano: 0n });
  expect(named(gateway, record?.route).excluded).toMatchObject([
    { credential: 'cred-1', reason: 'limited', untilMs: expect.any(Number) },
    { credential: 'cred-2', reason: 'limited', untilMs: expect.any(Number) },
  ]);
});

test('the window slides: what is a minute old is free again, slot by slot', async () => {
  const gateway = await startFleet({ members: [{ fields: { rpm: 2 } }] });
  expect(await statusOf(gateway)).toBe(200);
  gateway.clock.advance(40_000);
  expect(await statusOf(gateway)).toBe(200);
  gateway.clock.advance(15_000);
  expect(await statusOf(gateway)).toBe(429);
  gateway.clock.advance(5001);
  // The first is gone, the second is not: no calendar minute, and a refusal takes no slot.
  expect(await together(gateway, 2)).toEqual(expect.arrayContaining([200, 429]));
  gateway.clock.advance(40_000);
  expect(countOf(await together(gateway, 3), 200)).toBe(1);
});

test('who is only looked at uses up nothing (contracts D4.19)', async () => {
  const gateway = await startFleet({
    pool: { preset: 'auto-router' },
    members: [
      { offers: ['gpt-4o'], fields: { rpm: 1 } },
      { offers: ['gpt-4o'], fields: { rpm: 1 } },
      { offers: ['gpt-4o', 'gpt-4o-mini'] },
    ],
  });
  const statuses = await together(gateway, 60);
  expect(countOf(statuses, 200)).toBe(50);
  expect(countOf(statuses, 429)).toBe(10);
  expect(arrivalsOf(gateway, 'cred-3')).toHaveLength(50);
  // The others were inspected sixty times: their only slots are free.
  expect(await together(gateway, 3, { model: 'gpt-4o' })).toEqual([200, 200, 200]);
  expect(new Set(servers(gateway).slice(50))).toEqual(new Set(['cred-1', 'cred-2', 'cred-3']));
});

test('a call that fails over uses one slot of the model and one of each credential it tried', async () => {
  const gateway = await startFleet({
    pool: { strategy: 'priority', models: [{ name: '*', rpm: 2 }] },
    members: [{ fields: { rpm: 1 } }, { fields: { rpm: 2, priority: 2 } }],
  });
  gateway.sandbox.faults.set('cred-1', 'status;code=500');
  expect(await statusOf(gateway)).toBe(200);
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-2', 'cred-2']);
  expect(await statusOf(gateway)).toBe(429);
});

test.each([
  ['absent', {}],
  ['0', { rpm: 0, tpm: 0 }],
  ['-1', { rpm: -1, tpm: -1 }],
])('%s is no limit', async (_name, limits) => {
  const gateway = await startFleet({
    pool: { models: [{ name: '*', ...limits }] },
    members: [{ fields: limits }],
  });
  const statuses = await together(gateway, 100, { max_tokens: 100_000 });
  expect(countOf(statuses, 200)).toBe(100);
  expect(arrivalsOf(gateway, 'cred-1')).toHaveLength(100);
});
