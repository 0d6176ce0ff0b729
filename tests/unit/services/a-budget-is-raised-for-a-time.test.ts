import { beforeEach, expect, test } from '@jest/globals';
import type { Budget } from '../../../src/entities/budget.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { BudgetService } from '../../../src/services/budgets.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

const HOUR_MS = 3_600_000;
const USD = 1_000_000_000n;

let office: Office;
let budgets: BudgetService;
let budget: Budget;

beforeEach(async () => {
  office = await openOffice();
  ({ budgets } = office.space);
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
  ({ budget } = await budgets.set(CLI, { scope: 'pool', subject: 'main', cap: 10 }));
});

const inAnHour = () => new Date(office.clock.now() + HOUR_MS);
const standing = async () => (await budgets.list(CLI))[0];

test('its cap is higher until then, by itself and in all that tells of it', async () => {
  const until = inAnHour();
  const raised = await budgets.raise(CLI, budget.id.slice(0, -1), { by: '2.5', until });
  expect(raised).toMatchObject({
    budget: { capNano: 10n * USD, raiseNano: 2_500_000_000n, raisedUntil: until },
    capNano: 12_500_000_000n,
    remainingNano: 12_500_000_000n,
  });
  expect(await budgets.explain(CLI, budget.id)).toMatchObject({ capNano: 12_500_000_000n });
  const [event] = await office.events('budget.raised');
  expect(event).toMatchObject({
    subject: budget.id,
    actor: 'cli',
    before: { cap: '10.00', raise: '0.00', raisedUntil: null },
    after: { cap: '10.00', raise: '2.50', raisedUntil: until.toISOString() },
  });
  office.clock.advance(HOUR_MS);
  expect(await standing()).toMatchObject({ capNano: 10n * USD, remainingNano: 10n * USD });
});

test('another raise replaces it; by nothing, or until null, it is ended', async () => {
  const until = inAnHour();
  await budgets.raise(CLI, budget.id, { by: 1, until });
  expect(await budgets.raise(CLI, budget.id, { by: 3, until })).toMatchObject({
    capNano: 13n * USD,
  });
  for (const end of [{ by: 0 }, { by: 5, until: null }, { by: 0, until }]) {
    await budgets.raise(CLI, budget.id, { by: 3, until });
    expect(await budgets.raise(CLI, budget.id, end)).toMatchObject({
      capNano: 10n * USD,
      budget: { raiseNano: 0n, raisedUntil: null },
    });
  }
});

test('other terms leave it alone', async () => {
  await budgets.raise(CLI, budget.id, { by: 1, until: inAnHour() });
  await budgets.update(CLI, budget.id, { cap: 20 });
  await budgets.set(CLI, { scope: 'pool', subject: 'main', cap: 30 });
  expect(await standing()).toMatchObject({ capNano: 31n * USD });
});

test('it is asked for with all that it needs', async () => {
  const failure = await budgets.raise(CLI, budget.id, { by: '-1' }).catch(String);
  expect(failure).toContain('by: must be an amount in dollars');
  expect(failure).toContain('until: is missing');
  const past = budgets.raise(CLI, budget.id, { by: 1, until: new Date(office.clock.now()) });
  await expect(past).rejects.toMatchObject({ code: 'invalid_request', param: 'until' });
  const nobody = budgets.raise(CLI, '0123abcd', { by: 1, until: inAnHour() });
  await expect(nobody).rejects.toMatchObject({ code: 'not_found' });
  expect(await office.events('budget.raised')).toEqual([]);
});
