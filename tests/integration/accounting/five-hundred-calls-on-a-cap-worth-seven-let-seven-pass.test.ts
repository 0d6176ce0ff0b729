import { expect, test } from '@jest/globals';
import type { BudgetScope } from '../../../src/entities/budget-scope.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { until } from '../proxy/fixture.ts';
import {
  arrivalsAfter,
  budgetWorth,
  callOnce,
  crowd,
  expectBudgetRefusals,
  expectLedgerOfWitness,
  expectNothingHeld,
  markOf,
  withStatus,
  withinCaps,
  worthOfACall,
} from './crowd.ts';
import type { Reply } from './crowd.ts';
import { CLI, SYSTEM } from '../../../src/services/actor.ts';

const CALLS = 500;

/** Calls that were paid before there was a budget, to see what one is worth. */
const APPRAISED = 2;

const SUBJECTS: Record<BudgetScope, (gateway: Gateway) => string> = {
  key: ({ keyId }) => keyId,
  team: () => 'crew',
  user: () => 'ada',
  pool: () => 'default',
};

/** Keys that a budget of this scope applies to: one, or five that share their owner, team and pool. */
async function keysUnder(gateway: Gateway, scope: BudgetScope): Promise<string[]> {
  const { keys, teams, users } = gateway.space;
  await users.create(SYSTEM, { name: 'ada' });
  await teams.create(SYSTEM, { name: 'crew' });
  const owners = { user: 'ada', team: 'crew' };
  await keys.update(SYSTEM, gateway.keyId, owners);
  const all = [gateway.key];
  const others = scope === 'key' ? [] : ['second', 'third', 'fourth', 'fifth'];
  for (const name of others) all.push((await keys.create(SYSTEM, { name, ...owners })).key);
  return all;
}

const requestIdOf = ({ headers }: Reply) => headers.get('x-request-id');

/** Seven are served, whole, and nobody else has reached the fleet. */
function expectSeven(gateway: Gateway, mark: number, replies: readonly Reply[], scope: string) {
  const served = withStatus(replies, 200);
  expect(served).toHaveLength(7);
  const arrived = arrivalsAfter(gateway, mark).map(({ requestId }) => requestId);
  expect(arrived).toHaveLength(7);
  expect(new Set(arrived)).toEqual(new Set(served.map(requestIdOf)));
  const refused = replies.filter((reply) => !served.includes(reply));
  expectBudgetRefusals(refused, scope);
}

test.each<BudgetScope>(['key', 'team', 'user', 'pool'])(
  'of a %s: while calls end and others come, no more is ever held and settled than the cap',
  async (scope) => {
    const gateway = await startGateway();
    const keys = await keysUnder(gateway, scope);
    const { holdNano, costNano } = await worthOfACall(gateway);
    // An eighth call finds no room, even when the seven are settled.
    expect(7n * costNano + holdNano).toBeGreaterThan(7n * holdNano);
    const id = await budgetWorth(gateway, 7n * holdNano, {
      scope,
      subject: SUBJECTS[scope](gateway),
    });
    const mark = markOf(gateway);
    const replies = await withinCaps(gateway, [id], () => crowd(gateway, CALLS, { keys }));
    expectSeven(gateway, mark, replies, scope);
    const recordedNano = await expectLedgerOfWitness(gateway, APPRAISED + 7);
    expect(recordedNano).toBe(BigInt(APPRAISED + 7) * costNano);
    await expectNothingHeld(gateway, [id]);
  },
);

test('while the seven are under way their holds are all that the budget has, and more is refused', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const { holdNano, costNano } = await worthOfACall(gateway);
  const scope = { scope: 'key', subject: gateway.keyId } as const;
  const id = await budgetWorth(gateway, 8n * holdNano - 1n, scope);
  const mark = markOf(gateway);
  let refusals = 0;
  const pending = Array.from({ length: CALLS }, async (_, at) => {
    const headers = { 'x-sandbox-fault': 'delay-head;ms=30000' };
    const reply = await callOnce(gateway, { isStream: at % 2 === 1, headers });
    if (reply.status === 402) refusals += 1;
    return reply;
  });
  const replies = await withinCaps(gateway, [id], async () => {
    await until(() => refusals + arrivalsAfter(gateway, mark).length === CALLS);
    // They were sent while their holds were still being written.
    await until(async () => (await gateway.space.budgets.explain(CLI, id)).holds.length === 7);
    const { settledNano, heldNano, holds } = await gateway.space.budgets.explain(CLI, id);
    expect([settledNano, heldNano, holds.length]).toEqual([0n, 7n * holdNano, 7]);
    // Whoever comes now is refused, too; its budget tells what it is about.
    const late = await callOnce(gateway);
    expectBudgetRefusals([late], 'key');
    gateway.clock.advance(30_000);
    return await Promise.all(pending);
  });
  expectSeven(gateway, mark, replies, 'key');
  await expectLedgerOfWitness(gateway, APPRAISED + 7);
  await expectNothingHeld(gateway, [id]);
  // What they did not use of their holds is there for others.
  expect(8n * costNano).toBeLessThan(8n * holdNano - 1n);
  expect((await callOnce(gateway)).status).toBe(200);
  expect((await callOnce(gateway)).status).toBe(402);
});

test.each<{ tight: BudgetScope; loose: BudgetScope }>([
  { tight: 'key', loose: 'team' },
  { tight: 'pool', loose: 'user' },
  { tight: 'team', loose: 'pool' },
])('of two budgets the tighter one decides: $tight under $loose', async ({ tight, loose }) => {
  const gateway = await startGateway();
  const keys = await keysUnder(gateway, tight);
  const { holdNano } = await worthOfACall(gateway);
  const under = (scope: BudgetScope, calls: bigint) =>
    budgetWorth(gateway, calls * holdNano, { scope, subject: SUBJECTS[scope](gateway) });
  const ids = [await under(loose, 12n), await under(tight, 7n)];
  const mark = markOf(gateway);
  const replies = await withinCaps(gateway, ids, () => crowd(gateway, 200, { keys }));
  expectSeven(gateway, mark, replies, tight);
  await expectLedgerOfWitness(gateway, APPRAISED + 7);
  await expectNothingHeld(gateway, ids);
});

test('a soft budget lets all of them pass and alerts once', async () => {
  const gateway = await startGateway();
  const { holdNano } = await worthOfACall(gateway);
  const id = await budgetWorth(gateway, 7n * holdNano, {
    scope: 'key',
    subject: gateway.keyId,
    isHard: false,
  });
  const replies = await crowd(gateway, 200);
  expect(withStatus(replies, 200)).toHaveLength(200);
  await expectLedgerOfWitness(gateway, APPRAISED + 200);
  await expectNothingHeld(gateway, [id]);
  await until(async () => (await gateway.events('budget.alert')).length > 0);
  expect((await callOnce(gateway)).status).toBe(200);
  const alerts = await gateway.events('budget.alert');
  expect(alerts.map(({ subject, after }) => ({ subject, after }))).toEqual([
    { subject: id, after: expect.objectContaining({ percent: 100 }) },
  ]);
});

test('calls that come to nothing give back what they held: in the end seven are paid', async () => {
  const gateway = await startGateway();
  const { holdNano, costNano } = await worthOfACall(gateway);
  const id = await budgetWorth(gateway, 7n * holdNano, { scope: 'key', subject: gateway.keyId });
  for (const { name } of gateway.sandbox.credentials) {
    gateway.sandbox.faults.set(name, 'status;code=422', { times: 2 });
  }
  const replies = await withinCaps(gateway, [id], () => crowd(gateway, 200));
  expect(withStatus(replies, 422)).toHaveLength(6);
  let served = withStatus(replies, 200).length;
  while (served < 10 && (await callOnce(gateway)).status === 200) served += 1;
  expect(served).toBe(7);
  const recordedNano = await expectLedgerOfWitness(gateway, APPRAISED + 6 + 7);
  expect(recordedNano).toBe(BigInt(APPRAISED + 7) * costNano);
  await expectNothingHeld(gateway, [id]);
});
