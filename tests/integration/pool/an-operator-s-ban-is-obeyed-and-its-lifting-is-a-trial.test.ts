import { describe, expect, test } from '@jest/globals';
import type { Ban } from '../../../src/entities/ban.ts';
import { openHouse, otherProcess, poolAt, startProvider, until } from './fixture.ts';
import type { House } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const MINUTE_MS = 60_000;
const FAILURE = { kind: 'origin', isWhole: false, ms: null } as const;
const COUNTED = { bans: { max_attempts: 1, ban_duration: '10m', error_codes: [500] } };

/** A server, and the command line beside it. */
async function officeOf(names: string[], fields: object = COUNTED) {
  const provider = await startProvider();
  const house = await openHouse();
  await house.configure([poolAt(provider, names, fields)]);
  const { bans } = await otherProcess(house);
  /** As the server does when the event of the other process has reached it. */
  const obey = (name: string) => house.upkeep.bans.reload(house.member(name).id);
  return { house, bans, obey, provider };
}

const reasons = (house: House, name: string) =>
  ['m', 'other'].map((model) => house.reason(name, model));

describe('a ban by hand', () => {
  test.each([
    ['for one model', { model: 'm' }, ['banned', null]],
    ['for everything', {}, ['banned', 'banned']],
  ])(
    '%s is in force when it was read, for that credential alone',
    async (_name, fields, expected) => {
      const { house, bans, obey } = await officeOf(['a', 'b']);
      await bans.ban(CLI, { credential: 'default/a', ...fields });
      expect(reasons(house, 'a')).toEqual([null, null]);
      await obey('a');
      await obey('b');
      expect([reasons(house, 'a'), reasons(house, 'b')]).toEqual([expected, [null, null]]);
      house.clock.advance(1000 * MINUTE_MS);
      expect(reasons(house, 'a')).toEqual(expected);
    },
  );

  test('for a time ends by itself, for all at once', async () => {
    const { house, bans, obey } = await officeOf(['a']);
    await bans.ban(CLI, { credential: 'default/a', durationMs: 5000 });
    await obey('a');
    await obey('a');
    house.clock.advance(4999);
    expect(reasons(house, 'a')).toEqual(['banned', 'banned']);
    house.clock.advance(1);
    await house.settled();
    expect(reasons(house, 'a')).toEqual([null, null]);
    expect(house.member('a').health.beginTrial('m', house.clock.now())).toEqual([]);
    expect(await house.bans()).toMatchObject([{ actor: 'cli', endedBy: 'system' }]);
    expect(await house.events('credential_ban.ended')).toHaveLength(1);
  });

  test('outlasts the provider’s word: what it accepts stays banned', async () => {
    const { house, bans, obey, provider } = await officeOf(['a']);
    provider.status = 401;
    house.report('a', { kind: 'unauthorized' }, { status: 401 });
    await house.settled();
    await bans.ban(CLI, { credential: 'default/a' });
    await obey('a');
    provider.status = 200;
    house.clock.advance(MINUTE_MS);
    await house.settled();
    expect((await house.bans()).map(({ endedBy }) => endedBy)).toEqual(['system', null]);
    expect(reasons(house, 'a')).toEqual(['banned', 'banned']);
    await house.upkeep.reload();
    expect(reasons(house, 'a')).toEqual(['banned', 'banned']);
  });
});

describe('lifting', () => {
  test('leaves it to one call first', async () => {
    const { house, bans, obey } = await officeOf(['a']);
    await bans.ban(CLI, { credential: 'default/a' });
    await obey('a');
    await bans.liftBans(CLI, { credential: 'default/a' });
    expect(reasons(house, 'a')).toEqual(['banned', 'banned']);
    await obey('a');
    expect(reasons(house, 'a')).toEqual([null, null]);
    const { health } = house.member('a');
    expect(health.beginTrial('m', house.clock.now())).toHaveLength(1);
    expect(reasons(house, 'a')).toEqual(['on_trial', 'on_trial']);
    health.passed('m', house.clock.now());
    expect(reasons(house, 'a')).toEqual([null, null]);
  });

  test('of a counted ban begins its count at zero, and its timer is gone', async () => {
    const { house, bans, obey } = await officeOf(['a']);
    house.report('a', FAILURE);
    await house.settled();
    await bans.liftBans(CLI, { credential: 'default/a' });
    await obey('a');
    expect(reasons(house, 'a')).toEqual([null, null]);
    house.clock.advance(20 * MINUTE_MS);
    await house.settled();
    expect(await house.bans()).toMatchObject([{ endedBy: 'cli' }]);
    expect(await house.events('credential_ban.ended')).toEqual([]);
  });

  test.each([['m'], ['other']])('the ban of %s leaves that of another model', async (lifted) => {
    const { house, bans, obey } = await officeOf(['a']);
    for (const model of ['m', 'other']) await bans.ban(CLI, { credential: 'default/a', model });
    await obey('a');
    await bans.liftBans(CLI, { credential: 'default/a', model: lifted });
    await obey('a');
    expect(reasons(house, 'a')).toEqual(lifted === 'm' ? [null, 'banned'] : ['banned', null]);
  });

  test('is not what it is taken for when a ban’s time is just over', async () => {
    const { house, obey } = await officeOf(['a']);
    house.report('a', FAILURE);
    await house.settled();
    // The wall clock says so, the timer has not fired yet.
    house.clock.setWall(house.clock.now() + 10 * MINUTE_MS);
    await obey('a');
    house.clock.advance(10 * MINUTE_MS);
    await house.settled();
    expect(house.member('a').health.beginTrial('m', house.clock.now())).toEqual([]);
    expect(await house.bans()).toMatchObject([{ endedBy: 'system' }]);
  });
});

describe('what is read', () => {
  test('does not drop a ban that is not on disk yet', async () => {
    const { house, obey } = await officeOf(['a']);
    const late = Promise.withResolvers<void>();
    house.upkeep.journal.write([], () => late.promise);
    house.report('a', FAILURE);
    const reading = obey('a');
    late.resolve();
    await reading;
    await obey('a');
    expect(reasons(house, 'a')).toEqual(['banned', null]);
    await house.settled();
    await obey('a');
    expect(reasons(house, 'a')).toEqual(['banned', null]);
  });

  test('does not bring back a ban whose end is not on disk yet', async () => {
    const { house, obey } = await officeOf(['a'], {
      bans: { max_attempts: 1, ban_duration: 'permanent', error_codes: [500] },
    });
    house.report('a', FAILURE);
    await house.settled();
    const [row] = (await house.bans()) as [Ban];
    await house.space.orm.em.getConnection().execute('alter table events rename to events_away');
    house.upkeep.bans.end(house.member('a'), row, { isOnTrial: false });
    await until(() => house.logs().includes('health not recorded'));
    await obey('a');
    expect(reasons(house, 'a')).toEqual([null, null]);
    await house.space.orm.em.getConnection().execute('alter table events_away rename to events');
    house.clock.advance(1000);
    await house.settled();
    await obey('a');
    expect(reasons(house, 'a')).toEqual([null, null]);
    expect(await house.bans()).toMatchObject([{ endedBy: 'system' }]);
  });

  test('of a credential that nobody has is nothing', async () => {
    const { house } = await officeOf(['a']);
    await house.upkeep.bans.reload('gone');
    expect(reasons(house, 'a')).toEqual([null, null]);
  });
});
