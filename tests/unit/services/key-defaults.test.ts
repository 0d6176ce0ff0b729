import { expect, test } from '@jest/globals';
import { Budget } from '../../../src/entities/budget.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const ENV = {
  VIRTUAL_KEY_DEFAULT_RPM: '60',
  VIRTUAL_KEY_DEFAULT_TPM: '10000',
  VIRTUAL_KEY_DEFAULT_BUDGET: '100.0',
};

async function officeWith(env: Record<string, string>): Promise<Office> {
  const office = await openOffice(env);
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
  return office;
}

const budgetsOf = ({ space }: Office) => space.orm.em.fork().find(Budget, {});

test('what a key is made without it has by default, and a server hears of its budget first', async () => {
  const office = await officeWith(ENV);
  const { virtualKey, budget } = await office.space.keys.create(CLI, { name: 'plain' });
  expect(virtualKey).toMatchObject({ rpmLimit: 60, tpmLimit: 10_000, concurrencyLimit: null });
  const [row] = await budgetsOf(office);
  expect(row).toMatchObject({
    id: budget?.id,
    scope: 'key',
    subjectId: virtualKey.id,
    capNano: 100_000_000_000n,
    period: 'none',
    isHard: true,
    isStrict: false,
    isEnabled: true,
  });
  const events = await office.events('');
  expect(events.slice(-2)).toMatchObject([
    { type: 'budget.set', subject: budget?.id, after: { cap: '100.00', period: 'none' } },
    { type: 'virtual_key.created', subject: virtualKey.id, after: { rpmLimit: 60 } },
  ]);
});

test('what a key is given goes before, and null is none', async () => {
  const office = await officeWith(ENV);
  const { keys } = office.space;
  const given = await keys.create(CLI, { name: 'own', rpmLimit: 5, tpmLimit: 7, budget: '0.50' });
  expect(given.virtualKey).toMatchObject({ rpmLimit: 5, tpmLimit: 7 });
  expect(given.budget?.capNano).toBe(500_000_000n);
  const none = { name: 'free', rpmLimit: null, tpmLimit: null, budget: null };
  const { virtualKey, budget } = await keys.create(CLI, none);
  expect(virtualKey).toMatchObject({ rpmLimit: null, tpmLimit: null });
  expect(budget).toBeNull();
  expect(await budgetsOf(office)).toHaveLength(1);
});

test('by default there are no defaults, and a later change adds none', async () => {
  const office = await officeWith({ VIRTUAL_KEY_DEFAULT_RPM: '0', VIRTUAL_KEY_DEFAULT_TPM: '0' });
  const { keys } = office.space;
  const { virtualKey, budget } = await keys.create(CLI, { name: 'plain' });
  expect(virtualKey).toMatchObject({ rpmLimit: null, tpmLimit: null });
  expect(budget).toBeNull();

  const limited = await officeWith(ENV);
  const made = await limited.space.keys.create(CLI, { name: 'x', rpmLimit: null, budget: null });
  const changed = await limited.space.keys.update(CLI, made.virtualKey.id, { name: 'y' });
  expect(changed.rpmLimit).toBeNull();
  expect(await budgetsOf(limited)).toEqual([]);
});

test('a budget that is no amount is named with all other mistakes', async () => {
  const office = await officeWith({});
  const wrong = { name: ' ', budget: '-1' };
  await expect(office.space.keys.create(CLI, wrong)).rejects.toThrow(
    /name: .*budget: must be an amount in dollars/,
  );
});
