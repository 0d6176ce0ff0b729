import { expect, test } from '@jest/globals';
import { Credential } from '../../../src/entities/credential.ts';
import { Pool } from '../../../src/entities/pool.ts';
import { openHouse, poolAt, restarted, startProvider } from './fixture.ts';
import type { House } from './fixture.ts';

const FAILURE = { kind: 'origin', isWhole: true, ms: null } as const;

async function houseWith(...pools: ReturnType<typeof poolAt>[]): Promise<House> {
  const house = await openHouse();
  await house.configure(pools);
  return house;
}

test('pools and credentials are those of the rows, oldest first, with their secrets open', async () => {
  const provider = await startProvider();
  const first = poolAt(provider, ['a', 'b'], { strategy: 'priority', min_credit: 0.5 });
  const second = poolAt(provider, ['c'], { name: 'second', models: [{ name: 'm', rpm: 5 }] });
  const house = await houseWith(first, second);
  const { directory } = house.upkeep;
  expect(directory.all().map(({ name }) => name)).toEqual(['default', 'second']);
  expect(house.pool()).toMatchObject({ strategy: 'priority', minCreditNano: 500_000_000n });
  expect(house.pool().members.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(house.pool('second').models.resolve('m').get(house.member('c').id)?.rpm).toBe(5);
  const { id, secret, origin, prefix, poolName } = house.member('c');
  expect([secret.reveal(), origin, prefix, poolName]).toEqual([
    'sk-canary-c',
    provider.origin,
    '',
    'second',
  ]);
  expect(directory.member(id)).toBe(house.member('c'));
  expect(directory.poolOf(house.member('c'))).toBe(house.pool('second'));
  expect(directory.get(house.pool().id)).toBe(house.pool());
  expect([directory.get('gone'), directory.member('gone')]).toEqual([undefined, undefined]);
});

test('health, load, limits and turns outlive it; what the rows say is new', async () => {
  const provider = await startProvider();
  const house = await houseWith(poolAt(provider, ['a', 'b']));
  const before = { pool: house.pool(), a: house.member('a') };
  house.report('a', { kind: 'cooling', ms: 5000 }, { status: 429 });
  before.a.enter();
  before.a.balanceNano = 5n;
  before.pool.turn.cursor = 7;
  const rows = house.space.orm.em.fork();
  await rows.nativeUpdate(Credential, { name: 'a' }, { weight: 9, rpmLimit: 3, balanceNano: 1n });
  await rows.nativeUpdate(Pool, { name: 'default' }, { strategy: 'random' });
  await house.upkeep.reload();
  const after = { pool: house.pool(), a: house.member('a') };
  expect([after.pool === before.pool, after.a === before.a]).toEqual([false, false]);
  expect(after.a).toMatchObject({
    weight: 9,
    limits: { rpm: 3, tpm: null },
    inFlight: 1,
    balanceNano: 5n,
  });
  expect([after.pool.strategy, after.pool.turn]).toEqual(['random', before.pool.turn]);
  expect(house.reason('a')).toBe('cooling');
});

test('an origin is one, whatever pool its credentials are in, also for those that come later', async () => {
  const provider = await startProvider();
  const house = await houseWith(
    poolAt(provider, ['a']),
    poolAt(provider, ['b'], { name: 'second' }),
  );
  for (let times = 0; times < 5; times += 1) house.report('a', FAILURE);
  const third = poolAt(provider, ['c'], { name: 'third' });
  await house.configure([
    poolAt(provider, ['a']),
    poolAt(provider, ['b'], { name: 'second' }),
    third,
  ]);
  const reasons = ['a', 'b', 'c'].map(
    (name) => house.member(name).originHealth.exclusion('m', house.clock.now())?.reason,
  );
  expect(reasons).toEqual(['ejected', 'ejected', 'ejected']);
  await house.settled();
  const [event] = await house.events('origin_health.');
  expect(event).toMatchObject({ type: 'origin_health.ejected', subject: provider.origin });
});

test('who is disabled serves nobody, and is as before when enabled again', async () => {
  const provider = await startProvider();
  const house = await houseWith(poolAt(provider, ['a', 'b']));
  const enable = async (isEnabled: boolean) => {
    await house.space.orm.em.fork().nativeUpdate(Credential, { name: 'a' }, { isEnabled });
    await house.upkeep.reload();
    return house.pool().members.map(({ name }) => name);
  };
  expect(await enable(false)).toEqual(['b']);
  expect(await enable(true)).toEqual(['a', 'b']);
});

test('whom an operator selects, and where a selection moved on to, is kept', async () => {
  const provider = await startProvider();
  const house = await houseWith(poolAt(provider, ['a', 'b'], { strategy: 'selected_then_rotate' }));
  const { directory, selections } = house.upkeep;
  const [a, b] = [house.member('a'), house.member('b')];
  directory.select(house.pool().id, b.id);
  directory.select('gone', a.id);
  expect(house.pool().turn.selectedId).toBe(b.id);
  const facts = { model: 'm', status: 429, verdict: 'rate_limited', requestId: 'r9' };
  const nowMs = house.clock.now();
  selections.moved(house.pool(), b, a, { ...facts, startedAtMs: nowMs, nowMs });
  await house.settled();
  expect(await house.events('pool.credential_selected')).toMatchObject([
    {
      subject: house.pool().id,
      actor: 'system',
      requestId: 'r9',
      before: { credential: b.id },
      after: { credential: a.id, verdict: 'rate_limited', status: 429 },
    },
  ]);
  const again = await restarted(house);
  expect(again.pool().turn.selectedId).toBe(a.id);
});

test('a provider that is not known stops it, and the pools stay as they were', async () => {
  const provider = await startProvider();
  const house = await houseWith(poolAt(provider, ['a', 'b']));
  const before = house.pool();
  await house.space.orm.em.fork().nativeUpdate(Credential, { name: 'b' }, { provider: 'nobody' });
  await expect(house.upkeep.reload()).rejects.toThrow('no provider is called nobody');
  expect(house.pool()).toBe(before);
});
