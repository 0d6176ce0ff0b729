import { expect, test } from '@jest/globals';
import { Credential } from '../../../src/entities/credential.ts';
import { Pool } from '../../../src/entities/pool.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

const credentialsOf = ({ space }: Office) =>
  space.orm.em.fork().find(Credential, {}, { orderBy: { createdAt: 'asc' } });

const changes = async (office: Office) =>
  (await office.events('')).map(({ type, subject }) => `${type} ${subject}`);

test('what a credential may do is stored, and nothing is unlimited by -1', async () => {
  const office = await openOffice();
  const fields = { weight: 3, priority: 2, rpm: 60, tpm: 9000, models: ['gpt-*', 'o3'] };
  const plain = aCredential('plain', { rpm: -1, tpm: 0 });
  await office.configure([{ name: 'main', credentials: [aCredential('full', fields), plain] }]);
  expect(await credentialsOf(office)).toMatchObject([
    {
      name: 'full',
      weight: 3,
      priority: 2,
      rpmLimit: 60,
      tpmLimit: 9000,
      models: ['gpt-*', 'o3'],
    },
    { name: 'plain', weight: 1, priority: 1, rpmLimit: null, tpmLimit: null, models: null },
  ]);
});

test('the same configuration again changes nothing', async () => {
  const office = await openOffice();
  const credentials = [aCredential('one', { weight: 2, models: ['a', 'b'] })];
  const pool = { name: 'main', preset: 'model-gateway', credentials };
  await office.configure([pool]);
  const before = await changes(office);
  await office.configure([pool]);
  expect(await changes(office)).toEqual(before);
});

const poolsWith = (fields: object) => [{ name: 'main', credentials: [aCredential('one', fields)] }];

test.each([
  ['weight', 5],
  ['priority', 2],
  ['rpm', 10],
  ['tpm', 10],
  ['models', ['a']],
  ['base_url', 'http://127.0.0.1:9/v1'],
  ['api_key', 'sk-another-secret'],
])('a change of %s is noticed', async (field, value) => {
  const office = await openOffice();
  await office.configure(poolsWith({}));
  const [row] = await credentialsOf(office);
  await office.configure(poolsWith({ [field]: value }));
  const [after] = await credentialsOf(office);
  expect(after?.id).toBe(row?.id);
  expect((await changes(office)).at(-1)).toBe(`credential.configured ${row?.id}`);
  expect((await changes(office)).filter((text) => text.startsWith('credential.'))).toHaveLength(2);
});

test('a start keeps whom operators have selected', async () => {
  const office = await openOffice();
  const pool = { name: 'main', credentials: [aCredential('one'), aCredential('two')] };
  await office.configure([pool]);
  await office.space.credentials.select('cli', { credential: 'two' });
  await office.configure([{ ...pool, strategy: 'selected_then_rotate' }]);
  const [row] = await office.space.orm.em.fork().find(Pool, {});
  const [, two] = await credentialsOf(office);
  expect(row).toMatchObject({
    strategy: 'selected_then_rotate',
    selectedCredentialId: two?.id,
  });
});
