import { beforeEach, expect, test } from '@jest/globals';
import { Pool } from '../../../src/entities/pool.ts';
import { VirtualKey } from '../../../src/entities/virtual-key.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { KeyService } from '../../../src/services/keys.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

let office: Office;
let keys: KeyService;

beforeEach(async () => {
  office = await openOffice();
  ({ keys } = office.space);
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
});

async function deleted(): Promise<{ id: string; key: string }> {
  const { key, virtualKey } = await keys.create(CLI, { name: 'phone', rpmLimit: 5 });
  await keys.remove(CLI, virtualKey.id);
  return { id: virtualKey.id, key };
}

const alter = (id: string, fields: object) =>
  office.space.orm.em.fork().nativeUpdate(VirtualKey, { id }, fields);

test('its secret opens it again, and the event says what was before', async () => {
  const { id, key } = await deleted();
  const restored = await keys.restore(CLI, id.slice(0, -1));
  expect(restored).toMatchObject({
    hash: office.space.hasher.hash(key),
    isActive: true,
    deletedAt: null,
    rpmLimit: 5,
  });
  const [event] = await office.events('virtual_key.restored');
  expect(event).toMatchObject({
    subject: id,
    before: { isActive: false, deletedAt: expect.any(String) },
    after: { isActive: true, deletedAt: null },
  });
  expect(JSON.stringify(event)).not.toContain(restored.hash);
});

test('the secret is the last it had: one that overlapped is not restored', async () => {
  const { virtualKey } = await keys.create(CLI, { name: 'x' });
  const { key } = await keys.rotate(CLI, virtualKey.id, { overlapMs: 60_000 });
  await keys.remove(CLI, virtualKey.id);
  const restored = await keys.restore(CLI, virtualKey.id);
  expect(restored).toMatchObject({ hash: office.space.hasher.hash(key), previousHash: null });
});

test('one that was switched off stays so, however often it is deleted', async () => {
  const { virtualKey } = await keys.create(CLI, { name: 'x' });
  const { id } = virtualKey;
  for (const isActive of [false, true]) {
    await keys.update(CLI, id, { isActive });
    await keys.remove(CLI, id);
    expect(await keys.restore(CLI, id)).toMatchObject({ isActive });
  }
});

test.each([
  ['is not deleted', async (id: string) => void (await keys.restore(CLI, id)), 'is not deleted'],
  [
    'is an old tombstone without its hash',
    (id: string) => alter(id, { hash: `deleted:${id}` }),
    'was not kept when it was deleted. Make a new one.',
  ],
  [
    'has a secret that is another’s now',
    async (id: string) => {
      const { hash } = await keys.get(CLI, id);
      const { virtualKey } = await keys.create(CLI, { name: 'other' });
      await alter(virtualKey.id, { hash: hash.split(':')[2] });
    },
    "is another key's now. Make a new one.",
  ],
  [
    'has a secret that is another’s until an overlap ends',
    async (id: string) => {
      const { hash } = await keys.get(CLI, id);
      const { virtualKey } = await keys.create(CLI, { name: 'other' });
      await alter(virtualKey.id, { previousHash: hash.split(':')[2] });
    },
    "is another key's now",
  ],
  [
    'has a pool that is gone',
    () => office.space.orm.em.fork().nativeDelete(Pool, {}),
    'The pool of this key is gone.',
  ],
])('one that %s is not, and nothing changes', async (_what, prepare, message) => {
  const { id } = await deleted();
  await prepare(id);
  const before = await keys.get(CLI, id);
  await expect(keys.restore(CLI, id)).rejects.toMatchObject({
    code: 'conflict',
    param: 'id',
    message: expect.stringContaining(message),
  });
  expect(await keys.get(CLI, id)).toEqual(before);
});

test('of many that restore it at once one does', async () => {
  const { id } = await deleted();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, () => keys.restore(CLI, id)),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await office.events('virtual_key.restored')).toHaveLength(1);
});
