import { beforeEach, expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import type { FollowKeysInput, KeyChange } from '../../../src/services/key-changes.ts';
import { openKeyOffice, VIEWER } from './key-office.ts';
import type { KeyOffice } from './key-office.ts';

let office: KeyOffice;

beforeEach(async () => {
  office = await openKeyOffice();
});

/** The next so many steps; the stream is left then. */
async function steps(count: number, input: FollowKeysInput = {}): Promise<KeyChange[]> {
  const changes = await office.changes.follow(VIEWER, input);
  const told: KeyChange[] = [];
  for await (const change of changes) if (told.push(change) === count) break;
  return told;
}

const brief = (change: KeyChange) => {
  if (change.kind === 'ready') return ['ready', change.keys];
  if (change.kind === 'removed') return ['removed', change.id];
  return [change.kind, change.now.key.id, change.now.status];
};

const newest = () => office.space.events.seq;

test('begins with all keys as they are, deleted ones as well, and with the place they stand for', async () => {
  const one = await office.make();
  const two = await office.make();
  const three = await office.make({ expiresInDays: 1 });
  await office.space.keys.disable(CLI, one.id);
  await office.space.keys.remove(CLI, two.id);
  office.clock.advance(86_400_000);
  const told = await steps(4);
  expect(new Set(told.map(brief).map(String))).toEqual(
    new Set([
      `current,${one.id},inactive`,
      `current,${two.id},deleted`,
      `current,${three.id},expired`,
      'ready,3',
    ]),
  );
  expect(told.map(({ seq }) => seq)).toEqual([0, 0, 0, newest()]);
});

test('then tells each change once, as the key is then', async () => {
  const changes = await office.changes.follow(VIEWER);
  expect(brief((await changes.next()).value!)).toEqual(['ready', 0]);
  const { id } = await office.make();
  expect(brief((await changes.next()).value!)).toEqual(['changed', id, 'active']);
  const waiting = changes.next();
  await office.space.keys.disable(CLI, id);
  const { value } = await waiting;
  expect(brief(value!)).toEqual(['changed', id, 'inactive']);
  expect(value!.seq).toBe(newest());
  await changes.return();
});

test('a key that was changed between the beginning and its telling is told as it was, then as it is', async () => {
  const { id } = await office.make({ rpmLimit: 5 });
  const changes = await office.changes.follow(VIEWER);
  await office.space.keys.update(CLI, id, { rpmLimit: 6 });
  const told: KeyChange[] = [];
  for await (const change of changes) if (told.push(change) === 3) break;
  const rpm = told.map((change) => ('now' in change ? change.now.key.limits[0]?.rpm : null));
  expect(rpm).toEqual([5, null, 6]);
});

test('a switch of an owner or a team is a change of all their keys, and no other of theirs is', async () => {
  const { teams, users } = office.space;
  await users.create(CLI, { name: 'ann' });
  await teams.create(CLI, { name: 'research' });
  const hers = await office.make({ user: 'ann' });
  const both = await office.make({ user: 'ann', team: 'research' });
  await office.make();
  const after = newest();
  await users.update(CLI, 'ann', { name: 'anna' });
  await teams.update(CLI, 'research', { rpmLimit: 9 });
  await teams.update(CLI, 'research', { isEnabled: false });
  const switched = newest();
  await users.update(CLI, 'anna', { isEnabled: false });
  const told = await steps(3, { after });
  expect(told.map(brief)).toEqual([
    ['changed', both.id, 'inactive'],
    ['changed', hers.id, 'inactive'],
    ['changed', both.id, 'inactive'],
  ]);
  expect(told.map(({ seq }) => seq)).toEqual([switched, switched, newest()]);
});

test('who breaks off amid the keys of one switch hears of the switch again', async () => {
  const { users } = office.space;
  await users.create(CLI, { name: 'ann' });
  const [one, two, three] = [
    await office.make({ user: 'ann' }),
    await office.make({ user: 'ann' }),
    await office.make({ user: 'ann' }),
  ];
  const after = newest();
  await users.update(CLI, 'ann', { isEnabled: false });
  const [, second] = await steps(2, { after });
  const again = await steps(3, { after: second?.seq ?? 0 });
  expect(again.map(brief)).toEqual([one, two, three].map(({ id }) => ['changed', id, 'inactive']));
});

test('a key that is gone altogether is told as gone', async () => {
  const { id } = await office.make();
  const after = newest();
  const { em } = office.space.orm;
  await em.getConnection().execute('delete from virtual_keys where id = ?', [id]);
  const draft = { type: 'virtual_key.removed', subject: id, actor: 'system' };
  await office.space.events.record([draft]);
  expect((await steps(1, { after })).map(brief)).toEqual([['removed', id]]);
});

test('a place that does not exist is refused, and so is a number that is none', async () => {
  await office.make();
  await expect(office.changes.follow(VIEWER, { after: newest() + 1 })).rejects.toMatchObject({
    code: 'not_found',
    param: 'after',
  });
  const user = { name: 'user:x', role: 'user', userId: 'x' } as const;
  await expect(office.changes.follow(user)).rejects.toThrow(/role viewer/);
  await expect(office.changes.follow(VIEWER, { after: '-1' })).rejects.toThrow(
    'after: must be a whole number from 0 to 9007199254740991',
  );
});

test('a place that the log does not reach back to is not found', async () => {
  await office.make();
  await office.make();
  const { em } = office.space.orm;
  await em.getConnection().execute('delete from events where seq < ?', [newest()]);
  await expect(steps(1, { after: 1 })).rejects.toMatchObject({ code: 'not_found' });
});
