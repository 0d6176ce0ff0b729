import { expect, test } from '@jest/globals';
import type { Gateway } from '../../support/gateway.ts';
import { until } from '../proxy/fixture.ts';
import {
  errorOf,
  named,
  received,
  servers,
  startFleet,
  statusOf,
  times,
  together,
} from './fixture.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const MINI = 'gpt-4o-mini';
const LARGE = 'gpt-4o';

const refresh = (gateway: Gateway) => gateway.fetch('/lb/refresh', { method: 'POST' });

const askedForModels = ({ sandbox }: Gateway): number =>
  sandbox.witness.entries.filter(
    (entry) => entry.kind === 'received' && entry.path === '/v1/models',
  ).length;

test('each model is asked of those alone whose provider lists it', async () => {
  const gateway = await startFleet({
    members: [{ offers: [MINI] }, { offers: [LARGE] }, { offers: [LARGE, MINI] }],
  });
  expect(await together(gateway, 20, { model: MINI })).toEqual(times(20, 200));
  expect(new Set(servers(gateway))).toEqual(new Set(['cred-1', 'cred-3']));
  const before = received(gateway).length;
  expect(await together(gateway, 20, { model: LARGE })).toEqual(times(20, 200));
  expect(new Set(servers(gateway).slice(before))).toEqual(new Set(['cred-2', 'cred-3']));
  const [record] = await gateway.records();
  expect(named(gateway, record?.route).excluded).toEqual([
    { credential: 'cred-2', reason: 'no_model' },
  ]);
});

test('a model that nobody serves is a 404 before anything is sent, and costs nothing of the limit', async () => {
  const gateway = await startFleet({ members: [{ offers: [MINI] }, { offers: [LARGE] }] });
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 1 });
  for (let round = 0; round < 3; round += 1) {
    const refused = await gateway.chat({ model: 'gpt-4.1-nano' });
    expect(refused.status).toBe(404);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(refused)).toEqual({
      message: expect.stringContaining('`gpt-4.1-nano`'),
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    });
  }
  expect(received(gateway)).toEqual([]);
  expect(await gateway.records()).toEqual([]);
  expect(await statusOf(gateway, { model: LARGE })).toBe(200);
});

test('a credential’s own list outweighs what its provider lists', async () => {
  const gateway = await startFleet({
    members: [
      { fields: { models: ['gpt-4o*'] } },
      { fields: { models: ['text-*', 'gpt-4.1-nano'] } },
    ],
  });
  await together(gateway, 6, { model: LARGE });
  expect(new Set(servers(gateway))).toEqual(new Set(['cred-1']));
  await together(gateway, 6, { model: 'gpt-4.1-nano' });
  expect(new Set(servers(gateway).slice(6))).toEqual(new Set(['cred-2']));
  expect(await statusOf(gateway, { model: 'tts-1' })).toBe(404);
});

test('who never told its models serves everything, until it does tell', async () => {
  const gateway = await startFleet({
    members: [{ offers: [MINI] }, { offers: [LARGE] }],
    prepare: ({ faults }) =>
      faults.set('cred-1', 'status;code=500', { path: '/v1/models', times: 1 }),
  });
  expect(await together(gateway, 3, { model: MINI })).toEqual([200, 200, 200]);
  // Asked although it has none of that: its own refusal is what the client hears.
  expect(await statusOf(gateway, { model: 'gpt-4.1-nano' })).toBe(404);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-1', 'cred-1', 'cred-1']);

  expect((await refresh(gateway)).status).toBe(200);
  expect(await statusOf(gateway, { model: 'gpt-4.1-nano' })).toBe(404);
  expect(received(gateway)).toHaveLength(4);
});

test('a refresh on demand learns of a new model at once, and forgets one that is gone', async () => {
  const gateway = await startFleet({ members: [{ offers: [MINI] }, { offers: [MINI] }] });
  gateway.sandbox.offer('cred-2', [LARGE]);
  expect(await statusOf(gateway, { model: LARGE })).toBe(404);
  const refreshed = await refresh(gateway);
  expect(refreshed.status).toBe(200);
  expect(await refreshed.json()).toMatchObject({ message: 'Credits refreshed', keys_count: 2 });
  expect(await together(gateway, 4, { model: LARGE })).toEqual([200, 200, 200, 200]);
  expect(new Set(servers(gateway))).toEqual(new Set(['cred-2']));
  expect(await together(gateway, 4, { model: MINI })).toEqual([200, 200, 200, 200]);
  expect(new Set(servers(gateway).slice(4))).toEqual(new Set(['cred-1']));
  const changes = await gateway.events('credential_models.changed');
  expect(changes.at(-1)).toMatchObject({ before: { count: 1 }, after: { count: 1 } });
});

test('refreshes that come together are one, and a failed one changes nothing', async () => {
  const gateway = await startFleet({ members: [{ offers: [MINI] }] });
  const before = askedForModels(gateway);
  await Promise.all([refresh(gateway), refresh(gateway), refresh(gateway)]);
  expect(askedForModels(gateway)).toBe(before + 1);

  gateway.sandbox.faults.set('cred-1', 'status;code=500', { path: '/v1/models' });
  gateway.clock.advance(30_001);
  await refresh(gateway);
  expect(askedForModels(gateway)).toBe(before + 2);
  expect(await statusOf(gateway, { model: MINI })).toBe(200);
  expect(await statusOf(gateway, { model: LARGE })).toBe(404);
});

test('providers are asked again every five minutes', async () => {
  const gateway = await startFleet({ members: [{ offers: [MINI] }] });
  const before = askedForModels(gateway);
  gateway.sandbox.offer('cred-1', [MINI, LARGE]);
  gateway.clock.advance(290_000);
  expect(await statusOf(gateway, { model: LARGE })).toBe(404);
  expect(askedForModels(gateway)).toBe(before);
  gateway.clock.advance(10_001);
  await until(async () => (await statusOf(gateway, { model: LARGE })) === 200);
  expect(askedForModels(gateway)).toBe(before + 1);
});
