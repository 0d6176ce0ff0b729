import { describe, expect, test } from '@jest/globals';
import { Credential } from '../../../src/entities/credential.ts';
import { openHouse, poolAt, restarted, startProvider, until } from './fixture.ts';
import type { House } from './fixture.ts';

const MINUTE_MS = 60_000;
const FAILURE = { kind: 'origin', isWhole: false, ms: null } as const;

const counted = (banDuration: string, escalate = false) => ({
  bans: { max_attempts: 1, ban_duration: banDuration, error_codes: [500], escalate },
});

async function houseWith(names: string[], fields: object) {
  const provider = await startProvider(401);
  const house = await openHouse();
  await house.configure([poolAt(provider, names, fields)]);
  return { provider, house };
}

async function confirm(house: House, name: string): Promise<void> {
  house.report(name, { kind: 'unauthorized' }, { status: 401, model: 'x' });
  await house.settled();
  expect(house.reason(name)).toBe('banned');
}

const ends = async (house: House) => (await house.events('credential_ban.ended')).length;

describe('a reload', () => {
  test('of pools in the middle of a ban changes nothing of it, and ends it once', async () => {
    const { house } = await houseWith(['a'], counted('60s'));
    house.report('a', FAILURE);
    const before = house.member('a');
    for (let times = 0; times < 3; times += 1) await house.upkeep.reload();
    expect(house.member('a')).not.toBe(before);
    expect(house.reason('a')).toBe('banned');
    house.clock.advance(MINUTE_MS);
    await house.settled();
    expect([house.reason('a'), await ends(house)]).toEqual([null, 1]);
    await house.upkeep.reload();
    expect(house.reason('a')).toBeNull();
  });

  test('before a ban’s end is on disk brings it back in no form', async () => {
    const { house, provider } = await houseWith(['a'], { bans: null });
    await confirm(house, 'a');
    const sql = (text: string) => house.space.orm.em.getConnection().execute(text);
    await sql('alter table events rename to events_away');
    provider.status = 200;
    house.clock.advance(MINUTE_MS);
    await house.upkeep.prober.idle();
    expect(house.reason('a')).toBeNull();
    await until(() => house.logs().includes('health not recorded'));
    expect(await house.bans()).toMatchObject([{ endedAtMs: null }]);
    await house.upkeep.reload();
    expect(house.reason('a')).toBeNull();
    await sql('alter table events_away rename to events');
    house.clock.advance(1000);
    await house.settled();
    await house.upkeep.reload();
    expect([house.reason('a'), await ends(house)]).toEqual([null, 1]);
    expect(provider.asked).toHaveLength(2);
  });

  test('that takes the credential away for a while keeps its ban, and one timer for it', async () => {
    const { house } = await houseWith(['a', 'b'], counted('60s'));
    house.report('a', FAILURE);
    await house.settled();
    const enable = async (isEnabled: boolean) => {
      await house.space.orm.em.fork().nativeUpdate(Credential, { name: 'a' }, { isEnabled });
      await house.upkeep.reload();
    };
    await enable(false);
    expect(house.pool().members.map(({ name }) => name)).toEqual(['b']);
    await enable(true);
    expect(house.reason('a')).toBe('banned');
    house.clock.advance(MINUTE_MS);
    await house.settled();
    expect([house.reason('a'), await ends(house)]).toEqual([null, 1]);
  });
});

describe('a restart', () => {
  test('finds every ban in force, and their time goes on (D4.22)', async () => {
    const { house, provider } = await houseWith(['a', 'b', 'c'], counted('60s'));
    house.report('a', FAILURE);
    await confirm(house, 'b');
    house.clock.advance(40_000);
    const again = await restarted(house);
    const reasons = () => ['a', 'b', 'c'].map((name) => again.reason(name));
    expect(reasons()).toEqual(['banned', 'banned', null]);
    expect(again.reason('a', 'other')).toBeNull();
    provider.status = 200;
    again.clock.advance(19_999);
    await again.settled();
    expect(reasons()).toEqual(['banned', 'banned', null]);
    again.clock.advance(1);
    await again.settled();
    expect(reasons()).toEqual([null, null, null]);
    expect((await again.bans()).map(({ endedBy }) => endedBy)).toEqual(['system', 'system']);
  });

  test('keeps the strikes: the provider’s next refusal is the second', async () => {
    const { house } = await houseWith(['a'], {});
    await confirm(house, 'a');
    const again = await restarted(house);
    again.clock.advance(MINUTE_MS);
    await again.settled();
    expect((await again.bans()).map(({ strike }) => strike)).toEqual([1, 2]);
    expect(again.reason('a')).toBe('banned');
  });

  test.each([
    ['counted: over', 'a', null],
    ['permanent: in force', 'b', 'banned'],
  ])('after a ban’s time, %s', async (_name, name, expected) => {
    const { house } = await houseWith(['a', 'b'], counted(name === 'a' ? '60s' : 'permanent'));
    house.report(name, FAILURE);
    await house.settled();
    await house.close();
    house.clock.advance(24 * 60 * MINUTE_MS);
    const again = await restarted(house);
    expect(again.reason(name)).toBe(expected);
  });

  test('after a confirmed ban’s time asks the provider first', async () => {
    const { house, provider } = await houseWith(['a'], {});
    await confirm(house, 'a');
    await house.close();
    house.clock.advance(60 * MINUTE_MS);
    const again = await restarted(house);
    expect(again.reason('a')).toBe('banned');
    provider.status = 200;
    again.clock.advance(0);
    await again.settled();
    expect([again.reason('a'), provider.asked.length]).toEqual([null, 2]);
  });

  test('in the middle of asking does not end a ban', async () => {
    const { house, provider } = await houseWith(['a'], {});
    await confirm(house, 'a');
    provider.status = 503;
    house.clock.advance(MINUTE_MS);
    const again = await restarted(house);
    expect(again.reason('a')).toBe('banned');
    expect(await ends(again)).toBe(0);
  });

  test('does not bring back what has ended, also with a wall clock set back', async () => {
    const { house } = await houseWith(['a'], counted('60s', true));
    house.report('a', FAILURE);
    house.clock.advance(MINUTE_MS);
    await house.settled();
    await house.close();
    house.clock.setWall(house.clock.now() - 30 * MINUTE_MS);
    const again = await restarted(house);
    expect(again.reason('a')).toBeNull();
    expect(again.member('a').health.banIds()).toEqual([]);
  });
});

test('a wall clock set back in the middle of a ban makes it no shorter', async () => {
  const { house } = await houseWith(['a'], counted('60s'));
  const untilMs = house.clock.now() + MINUTE_MS;
  house.report('a', FAILURE);
  house.clock.advance(30_000);
  house.clock.setWall(untilMs - 10 * MINUTE_MS);
  house.clock.advance(30_000);
  expect(house.reason('a')).toBe('banned');
  house.clock.advance(untilMs - house.clock.now() - 1);
  expect(house.reason('a')).toBe('banned');
  house.clock.advance(1);
  await house.settled();
  expect([house.reason('a'), await ends(house)]).toEqual([null, 1]);
});
