import { expect, test } from '@jest/globals';
import { Pool } from '../../../src/entities/pool.ts';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { arrivals, until, verdictsOf } from './fixture.ts';
import { arrivalsOf, countOf } from './fleet-load.ts';
import { CLI } from '../../../src/services/actor.ts';

/** System C's way of using keys, without its rules for models (contracts C3). */
const GATEWAY_POOL = { preset: 'model-gateway', strategy: 'selected_then_rotate', models: [] };

const selections = (gateway: Gateway) => gateway.events('pool.credential_selected');

async function selected(gateway: Gateway): Promise<string | undefined> {
  await gateway.app.upkeep.journal.flushed();
  const [pool] = await gateway.space.orm.em.fork().find(Pool, {});
  const onDisk = pool?.selectedCredentialId ?? null;
  const members = gateway.app.pools.all().flatMap(({ members: all }) => all);
  expect(gateway.app.pools.all()[0]?.turn.selectedId ?? null).toBe(onDisk);
  return members.find(({ id }) => id === onDisk)?.name;
}

const together = (gateway: Gateway, count: number) =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const response = await gateway.chat();
      await response.arrayBuffer();
      return response.status;
    }),
  );

test('50 calls that fail over together move the selection by one', async () => {
  const gateway = await startGateway({
    fleet: canaryFleet(10, 10, 10),
    pool: GATEWAY_POOL,
    isClockShared: true,
  });
  gateway.sandbox.faults.set('cred-1', 'delay-head;ms=30000|status;code=429');
  const answered = together(gateway, 50);
  await until(() => arrivals(gateway).length === 50);
  gateway.clock.advance(30_000);
  expect(countOf(await answered, 200)).toBe(50);
  expect(await selected(gateway)).toBe('cred-2');
  const [moved, ...more] = await selections(gateway);
  expect(more).toEqual([]);
  expect(moved).toMatchObject({
    before: { name: 'cred-1' },
    after: { name: 'cred-2', verdict: 'rate_limited', status: 429 },
  });
  expect(arrivalsOf(gateway, 'cred-1')).toHaveLength(50);
  expect(arrivalsOf(gateway, 'cred-3')).toHaveLength(0);
});

test('a 429 sets the credential aside for five minutes, a 401 only passes the selection on', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10, 10, 10), pool: GATEWAY_POOL });
  gateway.sandbox.faults.set('cred-1', 'status;code=429;retry-after=1', { times: 1 });
  gateway.sandbox.faults.set('cred-2', 'status;code=401', { times: 1 });
  expect(await together(gateway, 1)).toEqual([200]);
  expect(await selected(gateway)).toBe('cred-3');
  expect((await gateway.records()).map(verdictsOf)).toEqual([
    ['rate_limited', 'unauthorized', 'served'],
  ]);

  // From the last one it wraps: the first is set aside still, the second never was.
  gateway.sandbox.faults.set('cred-3', 'status;code=401', { times: 1 });
  gateway.clock.advance(240_000);
  expect(await together(gateway, 1)).toEqual([200]);
  expect(await selected(gateway)).toBe('cred-2');
  gateway.sandbox.faults.set('cred-2', 'status;code=401', { times: 1 });
  gateway.sandbox.faults.set('cred-3', 'status;code=401', { times: 1 });
  gateway.clock.advance(60_001);
  expect(await together(gateway, 1)).toEqual([200]);
  expect(await selected(gateway)).toBe('cred-1');
  expect((await gateway.events()).filter(({ type }) => type.startsWith('credential_ban'))).toEqual(
    [],
  );
});

test('all failed: one 429 with the time of the first that comes back, and the selection stays one', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10, 10), pool: GATEWAY_POOL });
  for (const name of ['cred-1', 'cred-2']) gateway.sandbox.faults.set(name, 'status;code=429');
  const response = await gateway.chat();
  expect(response.status).toBe(429);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(290);
  expect(arrivals(gateway)).toHaveLength(2);
});

test('the selection survives a restart, and an operator moves it at once', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10, 10, 10), pool: GATEWAY_POOL });
  await gateway.space.credentials.select(CLI, { credential: 'default/cred-3' });
  await together(gateway, 3);
  expect(arrivals(gateway).map(({ credential }) => credential)).toEqual([
    'cred-3',
    'cred-3',
    'cred-3',
  ]);
  expect(await selected(gateway)).toBe('cred-3');
  await gateway.app.pools.reload();
  await together(gateway, 1);
  expect(arrivalsOf(gateway, 'cred-3')).toHaveLength(4);
});
