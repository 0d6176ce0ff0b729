import { expect, test } from '@jest/globals';
import type { Gateway } from '../../support/gateway.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import { until } from '../proxy/fixture.ts';
import { arrivalsOf } from '../proxy/fleet-load.ts';
import {
  HELD_MS,
  complete,
  named,
  received,
  servers,
  startFleet,
  startProvider,
  statusOf,
  times,
  together,
} from './fixture.ts';
import { startGateway } from '../../support/gateway.ts';

const shareOf = (gateway: Gateway, name: string): number =>
  arrivalsOf(gateway, name).length / received(gateway).length;

test('round_robin: strict turns, whatever else is called in between', async () => {
  const gateway = await startFleet({ members: [{}, {}, {}] });
  for (let call = 0; call < 9; call += 1) await statusOf(gateway);
  expect(servers(gateway)).toEqual(times(3, 'cred-1', 'cred-2', 'cred-3'));
});

test('weighted: shares as the weights say', async () => {
  const gateway = await startFleet({
    pool: { strategy: 'weighted' },
    members: [{ fields: { weight: 1 } }, { fields: { weight: 2 } }, { fields: { weight: 5 } }],
  });
  for (let round = 0; round < 8; round += 1) await together(gateway, 50);
  expect(shareOf(gateway, 'cred-1')).toBeCloseTo(1 / 8, 1);
  expect(shareOf(gateway, 'cred-2')).toBeCloseTo(2 / 8, 1);
  expect(shareOf(gateway, 'cred-3')).toBeCloseTo(5 / 8, 1);
});

test('random: everybody gets about the same, and the draws are on record', async () => {
  const gateway = await startFleet({ pool: { strategy: 'random' }, members: [{}, {}, {}] });
  for (let round = 0; round < 6; round += 1) await together(gateway, 50);
  for (const name of ['cred-1', 'cred-2', 'cred-3']) {
    expect(shareOf(gateway, name)).toBeCloseTo(1 / 3, 1);
  }
  const [record] = await gateway.records();
  expect(record?.route?.draws?.length).toBeGreaterThan(0);
});

test('priority: the second tier serves while the first cannot, and no longer', async () => {
  const gateway = await startFleet({
    pool: { strategy: 'priority' },
    members: [
      { fields: { priority: 2 } },
      { fields: { priority: 1 } },
      { fields: { priority: 1 } },
    ],
  });
  await together(gateway, 4);
  expect(servers(gateway).toSorted()).toEqual(['cred-2', 'cred-2', 'cred-3', 'cred-3']);
  for (const name of ['cred-2', 'cred-3']) {
    gateway.sandbox.faults.set(name, 'status;code=429;retry-after=30', { times: 1 });
  }
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).slice(4)).toEqual(expect.arrayContaining(['cred-2', 'cred-3', 'cred-1']));
  await together(gateway, 5);
  expect(servers(gateway).slice(7)).toEqual(times(5, 'cred-1'));
  gateway.clock.advance(30_001);
  await together(gateway, 4);
  expect(servers(gateway).slice(12).toSorted()).toEqual(['cred-2', 'cred-2', 'cred-3', 'cred-3']);
});

test('least_in_flight: calls go around a credential whose calls take long', async () => {
  const gateway = await startFleet({
    pool: { strategy: 'least_in_flight' },
    members: [{}, {}, {}],
  });
  // Two that never end by themselves.
  for (const name of ['cred-1', 'cred-2']) gateway.sandbox.faults.set(name, 'stall-after-head');
  const leaving = new AbortController();
  const stalled = Array.from({ length: 20 }, async () => {
    const body = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }] };
    const call = gateway.fetch('/v1/chat/completions', { body, signal: leaving.signal });
    await call.catch(() => undefined);
  });
  const members = gateway.app.pools.all().flatMap((pool) => pool.members);
  await until(() => received(gateway).length === 20 && members[2]?.inFlight === 0);
  const [first, second] = ['cred-1', 'cred-2'].map((name) => arrivalsOf(gateway, name).length);
  expect(first).toBeGreaterThan(1);
  expect(Math.abs((first ?? 0) - (second ?? 0))).toBeLessThanOrEqual(1);
  for (let call = 0; call < 10; call += 1) expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).slice(20)).toEqual(times(10, 'cred-3'));
  leaving.abort();
  await Promise.all(stalled);
});

test('cheapest: the same name from three, of whom the least expensive serves', async () => {
  const gateway = await startFleet({
    pool: {
      strategy: 'cheapest',
      models: [
        { name: 'house', upstream: 'gpt-4o', credentials: ['cred-1'] },
        { name: 'house', upstream: 'gpt-4.1-nano', credentials: ['cred-2'] },
        { name: 'house', upstream: 'gpt-4o-mini', credentials: ['cred-3'] },
      ],
    },
    members: [{}, {}, {}],
  });
  await together(gateway, 10, { model: 'house' });
  expect(new Set(servers(gateway))).toEqual(new Set(['cred-2']));
  // The next cheapest is the fail-over.
  gateway.sandbox.faults.set('cred-2', 'status;code=429', { times: 1 });
  expect(await statusOf(gateway, { model: 'house' })).toBe(200);
  expect(servers(gateway).slice(10)).toEqual(['cred-2', 'cred-3']);
  const record = (await gateway.records()).at(-1);
  expect(named(gateway, record?.route).order).toEqual(['cred-2', 'cred-3', 'cred-1']);
});

test('cheapest: whose price nobody knows comes last', async () => {
  const provider = await startProvider(['gpt-4o', 'of-the-house'], complete);
  const gateway = await startGateway({
    pool: {
      strategy: 'cheapest',
      models: [
        { name: 'house', upstream: 'of-the-house', credentials: ['one'] },
        { name: 'house', upstream: 'gpt-4o', credentials: ['two'] },
      ],
      credentials: ['one', 'two'].map((name) => {
        return { name, provider: 'openai', api_key: `sk-${name}`, base_url: provider.baseUrl };
      }),
    },
  });
  await together(gateway, 5, { model: 'house' });
  expect(new Set(provider.seen.map(({ headers }) => headers.authorization))).toEqual(
    new Set(['Bearer sk-two']),
  );
});

/** Longer than any machine takes for a call that nobody holds up. */
const SLOW_MS = 20_000;

/** One after the other; while one is under way, its credential's time passes for the gateway. */
async function callsTaking(gateway: Gateway, count: number, slow: Record<string, number>) {
  const { clock, sandbox } = gateway;
  sandbox.faults.clear();
  for (const name of Object.keys(slow)) sandbox.faults.set(name, 'delay-head;ms=20');
  for (let call = 0; call < count; call += 1) {
    const before = received(gateway).length;
    const answered = statusOf(gateway);
    await until(() => received(gateway).length > before);
    clock.advance(slow[servers(gateway).at(-1) ?? ''] ?? 0);
    await answered;
  }
}

test('least_latency: each is measured once, then the fastest serves; later all anew', async () => {
  const gateway = await startFleet({
    pool: { strategy: 'least_latency' },
    members: [{}, {}, {}],
  });
  await callsTaking(gateway, 10, { 'cred-1': SLOW_MS, 'cred-3': SLOW_MS });
  expect(new Set(servers(gateway).slice(0, 3))).toEqual(new Set(['cred-1', 'cred-2', 'cred-3']));
  expect(servers(gateway).slice(3)).toEqual(times(7, 'cred-2'));
  // What was measured a minute ago tells nothing of now.
  gateway.clock.advance(60_001);
  await callsTaking(gateway, 6, { 'cred-2': SLOW_MS });
  expect(new Set(servers(gateway).slice(10, 13))).toEqual(new Set(['cred-1', 'cred-2', 'cred-3']));
  expect(servers(gateway).slice(13)).not.toContain('cred-2');
});

test('least_latency: a credential that is measured slowly gets one call, not all', async () => {
  const fleetClock = new MovableClock();
  const pool = { strategy: 'least_latency' };
  const gateway = await startFleet({ pool, members: [{}, {}], fleetClock });
  await statusOf(gateway);
  const [known] = servers(gateway);
  const slow = known === 'cred-1' ? 'cred-2' : 'cred-1';
  gateway.sandbox.faults.set(slow, `delay-head;ms=${HELD_MS}`);
  const statuses = together(gateway, 20);
  await until(() => received(gateway).length === 21);
  expect(arrivalsOf(gateway, slow)).toHaveLength(1);
  fleetClock.advance(HELD_MS);
  expect(await statuses).toEqual(times(20, 200));
});
