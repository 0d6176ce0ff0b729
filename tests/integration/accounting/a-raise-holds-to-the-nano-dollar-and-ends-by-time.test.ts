import { expect, test } from '@jest/globals';
import { CLI, SYSTEM } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import { until } from '../proxy/fixture.ts';
import {
  budgetWorth,
  callOnce,
  crowd,
  expectBudgetRefusals,
  expectLedgerOfWitness,
  expectNothingHeld,
  withStatus,
  withinCaps,
  worthOfACall,
} from './crowd.ts';

const HOUR_MS = 3_600_000;
/** Calls that were paid before there was a budget, to see what one is worth. */
const APPRAISED = 2;

test('of 200 calls at once as many pass as cap and raise are worth, and none when it is over', async () => {
  const gateway = await startGateway();
  const { budgets } = gateway.space;
  const { holdNano, costNano } = await worthOfACall(gateway);
  // An eighth call finds no room, even when the seven are settled.
  expect(7n * costNano + holdNano).toBeGreaterThan(7n * holdNano);
  const id = await budgetWorth(gateway, 3n * holdNano, { scope: 'key', subject: gateway.keyId });
  const raisedUntil = new Date(gateway.clock.now() + HOUR_MS);
  const raise = { by: 4n * holdNano, until: raisedUntil };
  const { capNano } = await budgets.raise(SYSTEM, id, raise);
  expect(capNano).toBe(7n * holdNano);

  const replies = await withinCaps(gateway, [id], () => crowd(gateway, 200));
  const served = withStatus(replies, 200);
  expect(served).toHaveLength(7);
  expectBudgetRefusals(
    replies.filter((reply) => !served.includes(reply)),
    'key',
  );
  await expectLedgerOfWitness(gateway, APPRAISED + 7);
  await expectNothingHeld(gateway, [id]);
  const { settledNano, remainingNano } = await budgets.explain(CLI, id);
  expect(settledNano).toBe(7n * costNano);
  expect(remainingNano).toBe(capNano - settledNano);

  gateway.clock.advance(HOUR_MS);
  const late = await crowd(gateway, 20);
  expect(withStatus(late, 200)).toEqual([]);
  expectBudgetRefusals(late, 'key');
  const over = await budgets.explain(CLI, id);
  expect(over.capNano).toBe(3n * holdNano);
  expect(over.remainingNano).toBe(3n * holdNano - settledNano);
});

test('calls that a raise let in end as they began, and no other follows them', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const { budgets } = gateway.space;
  const { holdNano } = await worthOfACall(gateway);
  const id = await budgetWorth(gateway, holdNano, {
    scope: 'key',
    subject: gateway.keyId,
    alertPercents: [100],
  });
  const endMs = gateway.clock.now() + HOUR_MS;
  await budgets.raise(SYSTEM, id, { by: 2n * holdNano, until: new Date(endMs) });
  gateway.clock.advance(HOUR_MS - 20_000);
  const headers = { 'x-sandbox-fault': 'delay-head;ms=30000' };
  const pending = [0, 1, 2].map((at) => callOnce(gateway, { headers, isStream: at === 1 }));
  await until(async () => (await budgets.explain(CLI, id)).holds.length === 3);
  gateway.clock.advance(20_000);
  expectBudgetRefusals([await callOnce(gateway)], 'key');
  gateway.clock.advance(10_000);
  expect(withStatus(await Promise.all(pending), 200)).toHaveLength(3);
  await expectNothingHeld(gateway, [id]);
  // Against the cap that is left, more than all is spent, and somebody is told.
  await until(async () => (await gateway.events('budget.alert')).length === 1);
  const [alert] = await gateway.events('budget.alert');
  expect(alert).toMatchObject({ subject: id, after: { percent: 100 } });
  expect((await budgets.explain(CLI, id)).remainingNano).toBeLessThan(0n);
});
