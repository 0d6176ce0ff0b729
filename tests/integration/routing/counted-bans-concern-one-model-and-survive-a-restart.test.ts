import { expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import type { Gateway } from '../../support/gateway.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import { until } from '../proxy/fixture.ts';
import { arrivalsOf } from '../proxy/fleet-load.ts';
import { HELD_MS, servers, startFleet, statusOf, times, together } from './fixture.ts';
import type { FleetOptions } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

/** System D's policy (contracts D3), where calls go to the first credential as long as they can. */
const ROUTER: FleetOptions = {
  pool: { preset: 'auto-router', strategy: 'priority' },
  members: [{}, { fields: { priority: 2 } }],
};

const bansOf = async (gateway: Gateway) => {
  await gateway.app.upkeep.journal.flushed();
  return await gateway.space.orm.em.fork().find(Ban, {}, { orderBy: { id: 'asc' } });
};

/** The first credential fails a call with each of these; the second one serves it. */
async function failFirst(gateway: Gateway, ...faults: string[]): Promise<void> {
  for (const fault of faults) {
    gateway.sandbox.faults.set('cred-1', fault, { times: 1 });
    const before = arrivalsOf(gateway, 'cred-1').length;
    expect(await statusOf(gateway)).toBe(200);
    expect(arrivalsOf(gateway, 'cred-1')).toHaveLength(before + 1);
  }
}

const THREE = ['status;code=500', 'status;code=502', 'status;code=503'];

test('three listed failures ban the credential for that model, and for that model alone', async () => {
  const gateway = await startFleet(ROUTER);
  await failFirst(gateway, ...THREE);
  const [ban, ...more] = await bansOf(gateway);
  expect(more).toEqual([]);
  expect(ban).toMatchObject({
    model: 'gpt-4o-mini',
    reason: 'counted',
    untilMs: null,
    endedAtMs: null,
    evidence: { statuses: [500, 502, 503] },
  });
  const ids = (await gateway.records()).map(({ id }) => id);
  expect(ban?.evidence.requestIds).toEqual(ids);
  const [event] = await gateway.events('credential_ban.imposed');
  expect(event).toMatchObject({ actor: 'system', requestId: ids.at(-1) });

  const before = arrivalsOf(gateway, 'cred-1').length;
  gateway.clock.advance(86_400_000);
  expect(await together(gateway, 10)).toEqual(times(10, 200));
  expect(arrivalsOf(gateway, 'cred-1')).toHaveLength(before);
  expect(await together(gateway, 10, { model: 'gpt-4o' })).toEqual(times(10, 200));
  expect(arrivalsOf(gateway, 'cred-1')).toHaveLength(before + 10);
});

test('a success in between begins the count anew, a status that is not listed does not', async () => {
  const gateway = await startFleet(ROUTER);
  const [first = '', second = '', third = ''] = THREE;
  await failFirst(gateway, first, second);
  expect(await statusOf(gateway)).toBe(200);
  await failFirst(gateway, third, first);
  expect(await bansOf(gateway)).toEqual([]);
  // The client's own fault: neither counted nor a success.
  gateway.sandbox.faults.set('cred-1', 'status;code=422;error-code=odd', { times: 1 });
  expect(await statusOf(gateway)).toBe(422);
  await failFirst(gateway, second);
  expect(await bansOf(gateway)).toHaveLength(1);
});

test('failures of two models are counted apart', async () => {
  const gateway = await startFleet(ROUTER);
  const [first = '', second = ''] = THREE;
  await failFirst(gateway, first, second);
  gateway.sandbox.faults.set('cred-1', first, { times: 2 });
  expect(await statusOf(gateway, { model: 'gpt-4o' })).toBe(200);
  expect(await statusOf(gateway, { model: 'gpt-4o' })).toBe(200);
  expect(await bansOf(gateway)).toEqual([]);
});

test('a status with a rule of its own is counted by itself', async () => {
  const gateway = await startFleet({
    ...ROUTER,
    pool: {
      ...ROUTER.pool,
      bans: {
        max_attempts: 3,
        error_codes: [500, 503],
        error_code_rules: [{ code: 429, max_attempts: 1, ban_duration: '1m' }],
        ban_duration: '10m',
      },
    },
  });
  await failFirst(gateway, 'status;code=500', 'status;code=503');
  const beforeMs = gateway.clock.now();
  await failFirst(gateway, 'status;code=429;retry-after=1');
  const afterMs = gateway.clock.now();
  const [ban, ...more] = await bansOf(gateway);
  expect(more).toEqual([]);
  expect(ban?.evidence.statuses).toEqual([429]);
  expect(ban?.untilMs).toBeGreaterThanOrEqual(beforeMs + 60_000);
  expect(ban?.untilMs).toBeLessThanOrEqual(afterMs + 60_000);
  gateway.clock.advance(50_000);
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).at(-1)).toBe('cred-2');
  // It ends by itself.
  gateway.clock.advance(10_001);
  await until(async () => (await gateway.events('credential_ban.ended')).length === 1);
  expect(await together(gateway, 3)).toEqual([200, 200, 200]);
  expect(servers(gateway).slice(-3)).toEqual(['cred-1', 'cred-1', 'cred-1']);
});

test('older failures than the window do not count', async () => {
  const gateway = await startFleet({
    ...ROUTER,
    pool: { ...ROUTER.pool, bans: { max_attempts: 2, error_codes: [500], window: '5m' } },
  });
  await failFirst(gateway, 'status;code=500');
  gateway.clock.advance(300_001);
  await failFirst(gateway, 'status;code=500');
  expect(await bansOf(gateway)).toEqual([]);
  await failFirst(gateway, 'status;code=500');
  expect(await bansOf(gateway)).toHaveLength(1);
});

test('until it is lifted a ban survives a restart; then one call alone tries the credential', async () => {
  const first = await startFleet(ROUTER);
  const { dataDir } = first.space.config;
  await failFirst(first, ...THREE);
  expect(await bansOf(first)).toHaveLength(1);
  await first.app.close(0);
  await first.space.close();

  const fleetClock = new MovableClock();
  const second = await startFleet({ ...ROUTER, dataDir, like: first, fleetClock });
  expect(await together(second, 5)).toEqual(times(5, 200));
  expect(new Set(servers(second))).toEqual(new Set(['cred-2']));
  expect(await statusOf(second, { model: 'gpt-4o' })).toBe(200);
  expect(servers(second).at(-1)).toBe('cred-1');
  const [listed] = await second.space.credentials.list(CLI);
  expect(listed?.bans).toMatchObject([{ model: 'gpt-4o-mini', reason: 'counted' }]);

  await second.space.bans.liftBans(CLI, { credential: 'default/cred-1' });
  second.sandbox.faults.set('cred-1', `delay-head;ms=${HELD_MS}`, { times: 1 });
  const seen = arrivalsOf(second, 'cred-1').length;
  const trial = together(second, 20);
  await until(() => servers(second).length === 26);
  expect(arrivalsOf(second, 'cred-1')).toHaveLength(seen + 1);
  fleetClock.advance(HELD_MS);
  expect(await trial).toEqual(times(20, 200));
  expect(await together(second, 5)).toEqual(times(5, 200));
  expect(servers(second).slice(-5)).toEqual(times(5, 'cred-1'));
});

test('a trial that fails leaves the others where they were', async () => {
  const fleetClock = new MovableClock();
  const gateway = await startFleet({ ...ROUTER, fleetClock });
  await failFirst(gateway, ...THREE);
  await gateway.space.bans.liftBans(CLI, { credential: 'default/cred-1' });
  gateway.sandbox.faults.set('cred-1', `delay-head;ms=${HELD_MS}|status;code=503`);
  const seen = arrivalsOf(gateway, 'cred-1').length;
  const before = servers(gateway).length;
  const trial = together(gateway, 20);
  await until(() => servers(gateway).length === before + 20);
  fleetClock.advance(HELD_MS);
  expect(await trial).toEqual(times(20, 200));
  gateway.sandbox.faults.set('cred-1', 'status;code=503');
  // One after the other, never two at a time; counted bans take over at the third.
  await together(gateway, 1);
  await together(gateway, 1);
  await together(gateway, 1);
  expect(arrivalsOf(gateway, 'cred-1').length).toBe(seen + 3);
  expect(await bansOf(gateway)).toHaveLength(2);
});
