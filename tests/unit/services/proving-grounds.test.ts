import { beforeEach, expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import { Budget } from '../../../src/entities/budget.ts';
import { Credential } from '../../../src/entities/credential.ts';
import { Pool } from '../../../src/entities/pool.ts';
import { statusOf } from '../../../src/entities/virtual-key.ts';
import { secretBinding } from '../../../src/pool/directory.ts';
import { ProvingGrounds } from '../../../src/services/proving-grounds.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const DAY_MS = 86_400_000;
const credential = {
  provider: 'sandbox',
  api_key: 'vck_prove_0123456789',
  base_url: 'http://127.0.0.1:9/v1',
  models: ['gpt-4o-mini'],
};

let office: Office;
let grounds: ProvingGrounds;

beforeEach(async () => {
  // What keys are given by default is not for a key that proves one thing alone.
  office = await openOffice({ VIRTUAL_KEY_DEFAULT_RPM: '3', VIRTUAL_KEY_DEFAULT_BUDGET: '1' });
  grounds = new ProvingGrounds(office.space.parts, office.space);
  await office.configure([
    { name: 'main', credentials: [aCredential('one')] },
    { name: 'prove-it', credentials: [aCredential('two')] },
  ]);
});

const em = () => office.space.orm.em.fork();

async function names() {
  const pools = await em().find(Pool, {}, { orderBy: { createdAt: 'asc' } });
  const credentials = await em().find(Credential, {}, { orderBy: { createdAt: 'asc' } });
  const budgets = await em().find(Budget, {});
  return [pools.map(({ name }) => name), credentials.map(({ name }) => name), budgets.length];
}

test('a ground is a pool with one credential, and a key that nothing but its budget limits', async () => {
  const { virtualKey, budget } = await grounds.make(CLI, { credential, capNano: 75_600n });
  const [pool] = await em().find(Pool, { id: virtualKey.poolId });
  expect(pool?.name).toBe(virtualKey.name);
  expect(pool?.policy).toMatchObject({
    attemptsMax: 1,
    discoversModels: false,
    unpriced: 'refuse',
  });
  expect(pool?.policy.health).toMatchObject({ counted: null, unauthorized: 'ignore' });
  const [row] = await em().find(
    Credential,
    { poolId: virtualKey.poolId },
    { populate: ['secretSealed'] },
  );
  expect(row).toMatchObject({ baseUrl: credential.base_url, models: ['gpt-4o-mini'] });
  const binding = secretBinding(row?.id ?? '');
  expect(office.space.sealer.open(row?.secretSealed ?? '', binding)).toBe(credential.api_key);
  expect(virtualKey).toMatchObject({ rpmLimit: null, tpmLimit: null, concurrencyLimit: null });
  const leftMs = (virtualKey.expiresAt?.getTime() ?? 0) - office.clock.now();
  expect(leftMs).toBeLessThanOrEqual(DAY_MS);
  expect(budget).toMatchObject({ subjectId: virtualKey.id, capNano: 75_600n, isHard: true });
  const told = (await office.events('')).map(({ type }) => type).slice(-4);
  expect(told).toEqual(['pool.created', 'credential.created', 'budget.set', 'virtual_key.created']);
});

test('clearing leaves a tombstone of the key and nothing else, and everything of others', async () => {
  const before = await names();
  await office.space.keys.create(CLI, { name: 'prove-me', budget: null });
  const made = [
    await grounds.make(CLI, { credential, capNano: 1n }),
    await grounds.make(CLI, { credential, capNano: 2n }),
  ].map(({ virtualKey }) => virtualKey);
  const [first] = made;
  const pool = `${first?.name}/sandbox`;
  await office.space.bans.ban(CLI, { credential: pool });
  // As if a process had been killed while it cleared.
  await office.space.keys.remove(CLI, first?.id ?? '');

  await grounds.clear(CLI);
  expect(await names()).toEqual(before);
  expect(await em().find(Ban, {})).toEqual([]);
  const keys = await office.space.keys.list(CLI);
  const statuses = keys.map((key) => [key.name, statusOf(key, office.clock.now())]);
  expect(Object.fromEntries(statuses)).toEqual({
    'prove-me': 'active',
    ...Object.fromEntries(made.map(({ name }) => [name, 'deleted'])),
  });
  const changes = (await office.events('')).length;
  await grounds.clear(CLI);
  expect(await office.events('')).toHaveLength(changes);
});
