import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/lib/clock.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { usdFromNano } from '../../../src/lib/money.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import type { Workspace } from '../../../src/workspace.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { afterwards, until } from '../proxy/fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

/** A correction by another process counts within so much. */
const HEARD_MS = 1000;
const TRIES = 5;

/** On the same files, as a command beside the server is. */
async function otherProcess({ space }: Gateway): Promise<Workspace> {
  const other = await openWorkspace(space.config, systemClock, createLogger({ level: 'silent' }));
  afterwards(() => other.close());
  return other;
}

const status = async (gateway: Gateway) => {
  const answer = await gateway.chat();
  await answer.arrayBuffer();
  return answer.status;
};

/** A call's record, and what is held for one like it. */
async function firstCall(gateway: Gateway) {
  expect(await status(gateway)).toBe(200);
  const [record] = await gateway.records();
  if (record === undefined) throw new Error('an answered call is on record');
  return record;
}

const setCap = (gateway: Gateway, capNano: bigint) =>
  gateway.space.budgets.set(CLI, {
    scope: 'key',
    subject: gateway.keyId,
    cap: usdFromNano(capNano),
    period: 'none',
    alertPercents: [50],
  });

test('a budget that a nano-dollar was missing in admits once it is there', async () => {
  const gateway = await startGateway();
  const other = await otherProcess(gateway);
  const { id, costNano, holdNano } = await firstCall(gateway);
  expect(costNano).toBeGreaterThan(3n * BigInt(TRIES));
  const adjust = (delta: string) =>
    other.corrections.adjust(CLI, { requestId: id, delta, note: 'test' });
  const admittedMs = async () => {
    await gateway.records();
    const settledNano = (await gateway.space.budgets.list(CLI))[0]?.settledNano ?? costNano;
    await setCap(gateway, settledNano + holdNano - 3n);
    expect(await status(gateway)).toBe(402);
    // Two are not enough: heard of, counted, and still refused.
    await adjust('-0.000000002');
    await gateway.space.events.caughtUp();
    expect(await status(gateway)).toBe(402);
    await adjust('-0.000000001');
    return until(async () => (await status(gateway)) === 200);
  };
  expect(await quickest(HEARD_MS, TRIES, admittedMs)).toBeLessThan(HEARD_MS);
});

test('a correction upwards refuses what fitted before, and tells the alert', async () => {
  const gateway = await startGateway();
  const other = await otherProcess(gateway);
  const { id, costNano, holdNano } = await firstCall(gateway);
  const capNano = 3n * (costNano + holdNano);
  await setCap(gateway, capNano);
  await other.corrections.adjust(CLI, {
    requestId: id,
    cost: usdFromNano(capNano - holdNano + 1n),
    note: 'test',
  });
  await gateway.space.events.caughtUp();
  expect(await status(gateway)).toBe(402);
  await until(async () => (await gateway.events('budget.alert')).length > 0);
  expect(await gateway.events('budget.alert')).toMatchObject([
    { after: { percent: 50, spent: usdFromNano(capNano - holdNano + 1n) } },
  ]);
});

test('a call under way keeps what it holds, and is counted once when it ends', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const other = await otherProcess(gateway);
  const { id, costNano, holdNano } = await firstCall(gateway);
  // Room for the call on record and two more.
  await setCap(gateway, costNano + 2n * holdNano);
  const answered = gateway.chat({}, { 'x-sandbox-fault': 'delay-head;ms=5000' });
  const held = async () => (await gateway.space.budgets.list(CLI))[0]?.heldNano;
  await until(async () => (await held()) === holdNano);
  const capOf = async (settledNano: bigint, calls: bigint) => {
    await setCap(gateway, settledNano + calls * holdNano - 1n);
    expect(await status(gateway)).toBe(402);
    await setCap(gateway, settledNano + calls * holdNano);
  };
  await other.corrections.adjust(CLI, { requestId: id, cost: '0', note: 'test' });
  await gateway.space.events.caughtUp();
  // Nothing is settled now; two holds are exactly as much as the cap.
  await capOf(0n, 2n);
  expect(await status(gateway)).toBe(200);
  gateway.clock.advance(5001);
  expect((await answered).status).toBe(200);
  await gateway.records();
  const [standing] = await gateway.space.budgets.list(CLI);
  expect(standing).toMatchObject({ settledNano: 2n * costNano, heldNano: 0n });
  await capOf(2n * costNano, 1n);
  expect(await status(gateway)).toBe(200);
});
