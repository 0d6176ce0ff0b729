import { beforeEach, describe, expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import type { PageKeysInput } from '../../../src/services/key-page.ts';
import type { Page } from '../../../src/services/page.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

const DAY_MS = 86_400_000;

let office: Office;

beforeEach(async () => {
  office = await openOffice();
  const credentials = [aCredential('one')];
  await office.configure([
    { name: 'main', credentials },
    { name: 'second', credentials },
  ]);
});

const names = (page: Page<{ name: string | null }>) => page.items.map(({ node }) => node.name);
const found = async (input: PageKeysInput) => names(await office.space.keys.page(CLI, input));
const make = (name: string, fields: object = {}) =>
  office.space.keys.create(CLI, { name, ...fields });

/** All of a list, by pages of two. */
async function byPages<T extends { name: string | null }>(
  page: (paging: { first: number; after?: string }) => Promise<Page<T>>,
): Promise<(string | null)[]> {
  const all: (string | null)[] = [];
  let next: { after?: string } | undefined = {};
  while (next !== undefined) {
    const read: Page<T> = await page({ first: 2, ...next });
    expect(read.items.length).toBeLessThanOrEqual(2);
    all.push(...names(read));
    const { hasNextPage, endCursor } = read;
    next = hasNextPage && endCursor !== null ? { after: endCursor } : undefined;
  }
  return all;
}

describe('keys are found', () => {
  test('by part of the name or hint, or the start of the id, in any case', async () => {
    const { virtualKey, key } = await make('Phone 100%_');
    await make('tablet');
    for (const search of ['pHoNe', '100%_', key.slice(-4), virtualKey.id.toUpperCase()]) {
      expect(await found({ search })).toEqual(['Phone 100%_']);
    }
    for (const search of ['%', '100__', virtualKey.id.slice(-12), '___________']) {
      expect(await found({ search })).toEqual(search === '%' ? ['Phone 100%_'] : []);
    }
    expect(await found({ search: '  ' })).toEqual(['tablet', 'Phone 100%_']);
  });

  test('by state, judged at this moment', async () => {
    const { keys } = office.space;
    await make('active');
    await make('expiring', { expiresInDays: 1 });
    const off = (await make('off', { expiresInDays: 1 })).virtualKey;
    const gone = (await make('gone')).virtualKey;
    await keys.disable(CLI, off.id);
    await keys.remove(CLI, gone.id);
    expect(await found({ status: ['active'] })).toEqual(['expiring', 'active']);
    office.clock.advance(DAY_MS + 1);
    expect(await found({ status: ['active'] })).toEqual(['active']);
    expect(await found({ status: ['expired'] })).toEqual(['expiring']);
    expect(await found({ status: ['inactive'] })).toEqual(['off']);
    expect(await found({ status: ['deleted', 'active'] })).toEqual(['gone', 'active']);
    expect(await found({})).toEqual(['off', 'expiring', 'active']);
  });

  test('by pool, user and team, all of which must be there', async () => {
    const { users, teams } = office.space;
    await users.create(CLI, { name: 'ann' });
    const team = await teams.create(CLI, { name: 'crew' });
    await make('a', { user: 'ann', pool: 'second' });
    await make('b', { user: 'ann', team: 'crew' });
    await make('c');
    expect(await found({ pool: 'second' })).toEqual(['a']);
    expect(await found({ user: 'ann' })).toEqual(['b', 'a']);
    expect(await found({ user: 'ann', team: team.id })).toEqual(['b']);
    const wrong = { pool: 'p', user: 'u', team: 't' };
    await expect(found(wrong)).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no pool called p. There is no user called u. There is no team called t.',
    });
  });
});

describe('pages', () => {
  test('of keys made in the same millisecond are complete', async () => {
    const made = await Promise.all(Array.from({ length: 9 }, (_, at) => make(`k${at}`)));
    const em = office.space.orm.em.fork();
    await em.execute('update virtual_keys set created_at = 1000');
    const newest = made
      .map(({ virtualKey }) => virtualKey)
      .toSorted(byId)
      .toReversed();
    const all = await byPages((paging) => office.space.keys.page(CLI, paging));
    expect(all).toEqual(newest.map(({ name }) => name));
  });

  test('of users, teams and budgets go on where they were, whoever is gone', async () => {
    const { users, teams, budgets } = office.space;
    for (const name of ['dan', 'Ann', 'eve', 'bob', 'cleo']) {
      await users.create(CLI, { name });
      await teams.create(CLI, { name: `${name}s` });
      await budgets.set(CLI, { scope: 'user', subject: name, cap: 1, name });
    }
    expect(await byPages((paging) => users.page(CLI, paging))).toEqual([
      'Ann',
      'bob',
      'cleo',
      'dan',
      'eve',
    ]);
    expect(await byPages((paging) => teams.page(CLI, { ...paging, search: 'N' }))).toEqual([
      'Anns',
      'dans',
    ]);
    let isFirst = true;
    const read = await byPages(async (paging) => {
      const page = await budgets.page(CLI, paging);
      const last = page.items.at(-1)?.node.id ?? '';
      if (isFirst) await budgets.remove(CLI, last);
      isFirst = false;
      return page;
    });
    expect(read).toEqual(['dan', 'Ann', 'eve', 'bob', 'cleo']);
  });

  test('are of a sensible size, after a cursor of the same list', async () => {
    const { users, keys } = office.space;
    await make('a');
    await make('b');
    const { endCursor } = await keys.page(CLI, { first: 1 });
    for (const first of [0, 101, 1.5]) {
      await expect(keys.page(CLI, { first })).rejects.toMatchObject({ param: 'first' });
    }
    for (const after of ['', 'x', endCursor?.slice(1)]) {
      const asked = keys.page(CLI, { after });
      await expect(asked).rejects.toMatchObject({ code: 'invalid_request', param: 'after' });
    }
    const elsewhere = users.page(CLI, { after: endCursor ?? '' });
    await expect(elsewhere).rejects.toMatchObject({ param: 'after' });
  });
});

test('budgets are found by whose they are, and whether they are enabled', async () => {
  const { budgets, users } = office.space;
  await users.create(CLI, { name: 'ann' });
  const { virtualKey } = await make('a');
  await budgets.set(CLI, { scope: 'user', subject: 'ann', cap: 1, name: 'hers' });
  await budgets.set(CLI, { scope: 'pool', subject: 'main', cap: 1, name: 'all', isEnabled: false });
  await budgets.set(CLI, { scope: 'key', subject: virtualKey.id, cap: 1, name: 'key' });
  const page = async (input: object) => names(await budgets.page(CLI, input));
  expect(await page({ scope: 'user', subject: 'ann' })).toEqual(['hers']);
  expect(await page({ isEnabled: false })).toEqual(['all']);
  expect(await page({ isEnabled: true })).toEqual(['hers', 'key']);
  await office.space.keys.remove(CLI, virtualKey.id);
  expect(await page({ scope: 'key', subject: virtualKey.id })).toEqual(['key']);
  const wrong = await page({ subject: 'ann', first: 0 }).catch(String);
  for (const part of ['scope: is missing', 'first: ']) expect(wrong).toContain(part);
  await expect(page({ scope: 'team', subject: 'x' })).rejects.toMatchObject({ code: 'not_found' });
});

const byId = (left: { id: string }, right: { id: string }) => (left.id < right.id ? -1 : 1);
