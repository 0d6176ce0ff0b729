import { beforeEach, describe, expect, test } from '@jest/globals';
import { Pool } from '../../../src/entities/pool.ts';
import type { VirtualKey } from '../../../src/entities/virtual-key.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

let office: Office;
let ann: Actor;
let bob: Actor;

const actorOf = (userId: string): Actor => ({ name: `user:${userId}`, role: 'user', userId });

beforeEach(async () => {
  office = await openOffice();
  const { users } = office.space;
  await office.configure([
    { name: 'main', credentials: [aCredential('one')] },
    { name: 'anns', credentials: [aCredential('two')] },
  ]);
  ann = actorOf((await users.create(CLI, { name: 'ann' })).id);
  bob = actorOf((await users.create(CLI, { name: 'bob' })).id);
  await office.space.orm.em.fork().nativeUpdate(Pool, { name: 'anns' }, { userId: ann.userId });
});

const keys = () => office.space.keys;

async function keyFor(user: string, fields: object = {}): Promise<VirtualKey> {
  return (await keys().create(CLI, { name: `of ${user}`, user, ...fields })).virtualKey;
}

const denied = (...fields: string[]) => ({
  code: 'permission_denied',
  message: `Only operators decide this of the key: ${fields.join(', ')}.`,
});

describe('a key is made', () => {
  test('by a user for themselves, in a pool of their own', async () => {
    const { virtualKey, budget } = await keys().create(ann, { name: 'mine', rpmLimit: 5 });
    const pool = await office.space.orm.em.fork().findOneOrFail(Pool, { name: 'anns' });
    expect(virtualKey).toMatchObject({
      userId: ann.userId,
      teamId: null,
      poolId: pool.id,
      rpmLimit: 5,
    });
    expect(budget).toBeNull();
    const [event] = await office.events('virtual_key.created');
    expect(event).toMatchObject({ actor: ann.name, subject: virtualKey.id });
    for (const user of ['ann', ann.userId ?? '']) {
      expect((await keys().create(ann, { name: 'x', user, pool: 'anns' })).key).not.toBe('');
    }
  });

  test('by nobody who has no pool, and in none that is not theirs', async () => {
    const none = {
      code: 'not_found',
      message: 'You have no pool yet: add a credential first.',
      param: 'pool',
    };
    await expect(keys().create(bob, { name: 'x' })).rejects.toMatchObject(none);
    await expect(keys().create(bob, { name: 'x', pool: 'anns' })).rejects.toMatchObject(none);
    const other = keys().create(ann, { name: 'x', pool: 'main' });
    await expect(other).rejects.toMatchObject({ message: 'There is no pool called main.' });
  });

  test('neither for others, nor with a team or a budget', async () => {
    const wrong = { name: 'x', user: 'bob', team: 'any', budget: null };
    const asked = keys().create(ann, wrong);
    await expect(asked).rejects.toMatchObject(denied('user', 'team', 'budget'));
    expect(await keys().list(CLI)).toEqual([]);
  });

  test('by operators in a pool of theirs, unless they name a user’s', async () => {
    const em = office.space.orm.em.fork();
    await em.nativeUpdate(Pool, { name: 'anns' }, { createdAt: new Date(0) });
    const main = await em.findOneOrFail(Pool, { name: 'main' });
    expect((await keyFor('ann')).poolId).toBe(main.id);
    expect((await keyFor('ann', { pool: 'anns' })).poolId).not.toBe(main.id);
  });
});

describe('a user finds', () => {
  test('their own keys and no others, however they are asked for', async () => {
    const [own, other] = [await keyFor('ann'), await keyFor('bob')];
    expect((await keys().list(ann)).map(({ id }) => id)).toEqual([own.id]);
    for (const filter of [{}, { user: 'ann' }, { pool: 'main' }, { search: 'OF ' }]) {
      const { items } = await keys().page(ann, filter);
      expect(items.map(({ node }) => node.id)).toEqual([own.id]);
    }
    for (const filter of [{ user: 'bob' }, { user: 'nobody' }, { pool: 'none' }, { team: 'x' }]) {
      expect(await keys().page(ann, filter)).toMatchObject({ items: [], hasNextPage: false });
    }
    expect((await keys().get(ann, own.id)).id).toBe(own.id);
    const missing = { code: 'not_found', message: `Key not found: ${other.id}` };
    await expect(keys().get(ann, other.id)).rejects.toMatchObject(missing);
    // What it shares the start of its id with is not there for them.
    expect((await keys().get(ann, own.id.slice(0, 8))).id).toBe(own.id);
  });

  test('their budgets: of their keys and their own, not of teams or others', async () => {
    const { budgets, teams } = office.space;
    await teams.create(CLI, { name: 'crew' });
    const [own, other] = [await keyFor('ann', { team: 'crew' }), await keyFor('bob')];
    const set = async (scope: 'key' | 'user' | 'team' | 'pool', subject: string) =>
      (await budgets.set(CLI, { scope, subject, cap: 1 })).budget.id;
    const theirs = [await set('key', own.id), await set('user', 'ann')];
    const others = [
      await set('key', other.id),
      await set('user', 'bob'),
      await set('team', 'crew'),
      await set('pool', 'main'),
    ];
    expect((await budgets.list(ann)).map(({ budget }) => budget.id)).toEqual(theirs);
    expect((await budgets.page(ann)).items.map(({ node }) => node.id)).toEqual(theirs);
    for (const id of theirs) {
      expect((await budgets.get(ann, id)).id).toBe(id);
      expect((await budgets.explain(ann, id)).isEqual).toBe(true);
    }
    for (const id of others) {
      await expect(budgets.explain(ann, id)).rejects.toMatchObject({ code: 'not_found' });
    }
    const subjects = [
      { scope: 'key', subjectId: own.id },
      { scope: 'team', subjectId: own.teamId ?? '' },
      { scope: 'key', subjectId: other.id },
    ] as const;
    const each = await budgets.ofEach(ann, subjects);
    expect(each.map((its) => its.map(({ id }) => id))).toEqual([[theirs[0]], [], []]);
    const page = (input: object) => budgets.page(ann, input);
    expect((await page({ scope: 'user', subject: 'ann' })).items).toHaveLength(1);
    for (const [scope, subject] of [
      ['user', 'bob'],
      ['team', 'crew'],
    ]) {
      await expect(page({ scope, subject })).rejects.toMatchObject({ code: 'not_found' });
    }
    await expect(page({ scope: 'key', subject: other.id })).rejects.toThrow('Key not found');
  });
});

describe('a user changes', () => {
  test('all but owner and team of a key of their own pool', async () => {
    const { id } = await keyFor('ann', { pool: 'anns', rpmLimit: 5 });
    const changed = await keys().update(ann, id, { name: 'new', rpmLimit: null, isActive: false });
    expect(changed).toMatchObject({ name: 'new', rpmLimit: null, isActive: false });
    expect(await keys().enable(ann, id)).toMatchObject({ isActive: true });
    const asked = keys().update(ann, id, { user: 'bob', team: null });
    await expect(asked).rejects.toMatchObject(denied('user', 'team'));
    expect((await keys().rotate(ann, id)).virtualKey.id).toBe(id);
    expect((await keys().remove(ann, id)).deletedAt).not.toBeNull();
    await expect(keys().restore(ann, id)).rejects.toMatchObject({ code: 'permission_denied' });
  });

  test('of one that operators have given them, nothing that limits it', async () => {
    const { id } = await keyFor('ann', { rpmLimit: 5 });
    const wrong = { name: 'x', rpmLimit: null, allowedModels: null, expiresInDays: null };
    const asked = keys().update(ann, id, wrong);
    await expect(asked).rejects.toMatchObject(denied('allowedModels', 'rpmLimit', 'expiresInDays'));
    const named = await keys().update(ann, id, { name: 'x', metadata: { a: 1 } });
    expect(named).toMatchObject({ name: 'x', metadata: { a: 1 }, rpmLimit: 5 });
    expect(await keys().disable(ann, id)).toMatchObject({ isActive: false });
    await expect(keys().enable(ann, id)).rejects.toMatchObject(denied('isActive'));
  });

  test('nothing of a key that is another’s: it is not there', async () => {
    const { id } = await keyFor('bob', { pool: 'anns' });
    const attempts = [
      keys().update(ann, id, { name: 'x' }),
      keys().disable(ann, id),
      keys().enable(ann, id),
      keys().rotate(ann, id),
      keys().remove(ann, id),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toMatchObject({
        code: 'not_found',
        message: `Key not found: ${id}`,
      });
    }
  });

  test('no budget', async () => {
    const { budgets } = office.space;
    const { budget } = await budgets.set(CLI, { scope: 'user', subject: 'ann', cap: 1 });
    const attempts = [
      budgets.set(ann, { scope: 'user', subject: 'ann', cap: 2 }),
      budgets.update(ann, budget.id, { cap: 2 }),
      budgets.raise(ann, budget.id, { by: 1, until: new Date(Date.now() + 60_000) }),
      budgets.remove(ann, budget.id),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toMatchObject({ code: 'permission_denied' });
    }
  });
});
