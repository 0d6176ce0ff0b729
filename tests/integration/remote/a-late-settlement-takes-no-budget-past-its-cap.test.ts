import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { connect } from '../../support/ledger-books.ts';
import { until } from '../../support/patience.ts';
import { aReservation, BILLER, capOf, expectOneTruth, standing } from './fixture.ts';

const CAP = 100_000n;

/** A gateway with a cap, and a reservation of 90,000 nano-USD that has expired. */
async function expired(onExpiry: 'charge' | 'release', fields: object = {}) {
  const gateway = await startGateway();
  const budgetId = await capOf(gateway, CAP, fields);
  const { reservations } = gateway.app.services;
  const reserve = async (asked: Parameters<typeof aReservation>[1]) =>
    (await reservations.reserve(BILLER, aReservation(gateway, asked))).reservation.id;
  const first = { amount_nano_usd: 90_000, on_expiry: onExpiry, expires_in: { seconds: 1 } };
  const id = await reserve(first);
  const other = await reserve({ amount_nano_usd: 1, expires_in: { seconds: 86_000 } });
  const expire = async (ms: number) => {
    gateway.clock.advance(ms);
    await until(() => reservations.get(BILLER, { reservation_id: id }).state === 'expired');
  };
  const settle = (nano: number) =>
    reservations.settle(BILLER, { reservation_id: id, cost_nano_usd: nano });
  return { gateway, budgetId, reservations, id, other, expire, settle };
}

test('what was settled late in a period that is over binds what is still held in it', async () => {
  const { gateway, budgetId, reservations, other, expire, settle } = await expired('release', {
    period: 'hourly',
    zone: 'UTC',
  });
  await expire(3_600_000);
  await settle(90_000);
  const extend = (nano: bigint) =>
    reservations.extend(BILLER, { reservation_id: other, amount_nano_usd: String(nano) });
  await expect(extend(10_001n)).rejects.toMatchObject({ code: 'insufficient_quota' });
  expect((await extend(10_000n)).reservation.amountNano).toBe(10_000n);
  // The hour that is now has nothing of it.
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: 0n });
  await expectOneTruth(gateway, budgetId);
});

/** Looks at each step of what is being done, however small, until that is done. */
async function watch(work: Promise<unknown>, look: () => void): Promise<void> {
  let isDone = false;
  const watched = Promise.allSettled([work]).finally(() => (isDone = true));
  const isUnderWay = () => !isDone;
  while (isUnderWay()) {
    for (let step = 0; step < 500 && isUnderWay(); step += 1) {
      look();
      await Promise.resolve();
    }
    await turn();
  }
  await watched;
}

test('what it adds is taken from before its commit until budgets have read it', async () => {
  const { gateway, budgetId, reservations, id, expire, settle } = await expired('release');
  await expire(2000);
  const answers = Promise.all([settle(90_000), settle(90_000), settle(90_000)]);
  // It is looked up first.
  await Promise.resolve();
  await Promise.resolve();
  const [states, taken] = [new Set<string>(), new Set<bigint>()];
  await watch(answers, () => {
    const { settledNano, heldNano } = standing(gateway);
    taken.add(settledNano + heldNano);
    states.add(reservations.get(BILLER, { reservation_id: id }).state);
  });
  expect([...states]).toEqual(['expired', 'settled']);
  // Counted twice for a moment, until it is given back; never less than once.
  expect([...taken]).toEqual([90_001n, 180_001n]);
  for (const { remainingNano } of await answers) expect(remainingNano).toBe(CAP - 90_001n);
  expect((await answers).map(({ isRepeat }) => isRepeat)).toEqual([false, true, true]);
  expect(standing(gateway)).toEqual({ settledNano: 90_000n, heldNano: 1n });
  await expectOneTruth(gateway, budgetId);
});

test('where it cannot be written nothing of it stays held; where it lowers the cost nothing is', async () => {
  const { gateway, budgetId, expire, settle } = await expired('charge');
  await expire(2000);
  const blocker = connect(gateway.space.file);
  blocker.exec(
    "create trigger no_more before insert on adjustments begin select raise(abort, 'full'); end",
  );
  const before = { settledNano: 90_000n, heldNano: 1n };
  const held = new Set<bigint>();
  const look = () => held.add(standing(gateway).heldNano);
  const failing = settle(95_000);
  await watch(failing, look);
  await expect(failing).rejects.toThrow('full');
  expect([...held]).toEqual([1n, 5001n]);
  expect(standing(gateway)).toEqual(before);
  blocker.exec('drop trigger no_more');
  held.clear();
  const lowered = settle(80_000);
  await watch(lowered, look);
  expect([...held]).toEqual([1n]);
  expect((await lowered).remainingNano).toBe(CAP - 80_001n);
  await expectOneTruth(gateway, budgetId);
});
