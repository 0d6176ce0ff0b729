import { expect, test } from '@jest/globals';
import { RemoteCall } from '../../../src/entities/remote-call.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { connect } from '../../support/ledger-books.ts';
import { until } from '../../support/patience.ts';
import {
  aReservation,
  aUsage,
  BILLER,
  capOf,
  expectOneTruth,
  standing,
  USAGE_NANO,
} from './fixture.ts';

const CAP = 100_000n;
const MINUTE_MS = 60_000;

/** A gateway with a cap, and a reservation of 10,000 nano-USD. */
async function reserved(fields: Parameters<typeof aReservation>[1] = {}) {
  const gateway = await startGateway();
  const budgetId = await capOf(gateway, CAP);
  const { reservations } = gateway.app.services;
  const { reservation } = await reservations.reserve(BILLER, aReservation(gateway, fields));
  return { gateway, budgetId, reservations, id: reservation.id };
}

const usage = { input: 10, output: 5 };

const onRecord = async (gateway: Gateway) =>
  (await gateway.records()).map(({ outcome, reason, costNano, holdNano }) => [
    outcome,
    reason,
    costNano,
    holdNano,
  ]);

test('what it held is held; what it cost takes the place of that, and is told again', async () => {
  const { gateway, budgetId, reservations, id } = await reserved();
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: 10_000n });
  await expectOneTruth(gateway, budgetId);
  expect(reservations.get(BILLER, { reservation_id: id })).toMatchObject({
    state: 'open',
    amountNano: 10_000n,
    costNano: null,
  });
  const settle = { reservation_id: id, usage };
  const [first, ...twins] = await Promise.all(
    Array.from({ length: 50 }, () => reservations.settle(BILLER, settle)),
  );
  expect(first).toMatchObject({
    reservation: { id, state: 'settled', amountNano: 10_000n, costNano: USAGE_NANO },
    isRepeat: false,
    isPriced: true,
    overrunNano: 0n,
    remainingNano: CAP - USAGE_NANO,
  });
  for (const twin of twins) {
    const reservation = first?.reservation;
    expect(twin).toMatchObject({ reservation, isRepeat: true, isPriced: true });
  }
  expect(await onRecord(gateway)).toEqual([['settled', 'ok', USAGE_NANO, 10_000n]]);
  await expect(
    reservations.settle(BILLER, { reservation_id: id, cost_nano_usd: 1 }),
  ).rejects.toMatchObject({ code: 'conflict' });
  await expect(reservations.release(BILLER, { reservation_id: id })).rejects.toMatchObject({
    code: 'failed_precondition',
  });
  await expect(reservations.extend(BILLER, { reservation_id: id })).rejects.toMatchObject({
    code: 'failed_precondition',
    message: 'The reservation is settled.',
  });
  await expectOneTruth(gateway, budgetId);
});

test('what it cost beyond its hold is charged in full, and told', async () => {
  const { gateway, budgetId, reservations, id } = await reserved();
  const settled = await reservations.settle(BILLER, {
    reservation_id: id,
    cost_nano_usd: '150000',
  });
  expect(settled).toMatchObject({
    reservation: { costNano: 150_000n },
    overrunNano: 140_000n,
    remainingNano: CAP - 150_000n,
  });
  expect(await gateway.records()).toMatchObject([{ priceId: '', isPriced: true }]);
  await expectOneTruth(gateway, budgetId);
});

test('released it costs nothing; settled after that it cannot be', async () => {
  const { gateway, budgetId, reservations, id } = await reserved();
  const release = () => reservations.release(BILLER, { reservation_id: id });
  expect(await release()).toMatchObject({
    reservation: { state: 'released', costNano: 0n, amountNano: 10_000n },
    isRepeat: false,
    remainingNano: CAP,
  });
  expect(await release()).toMatchObject({ reservation: { state: 'released' }, isRepeat: true });
  await expect(reservations.settle(BILLER, { reservation_id: id, usage })).rejects.toMatchObject({
    code: 'failed_precondition',
  });
  expect(await onRecord(gateway)).toEqual([['voided', 'released', 0n, 10_000n]]);
  await expectOneTruth(gateway, budgetId);
});

test('sent again it is the same reservation, also when it is over; with other content a conflict', async () => {
  const gateway = await startGateway();
  const budgetId = await capOf(gateway, 15_000n);
  const { reservations } = gateway.app.services;
  const input = aReservation(gateway);
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => reservations.reserve(BILLER, input)),
  );
  expect(answers.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
  const ids = new Set(answers.map(({ reservation }) => reservation.id));
  expect(ids.size).toBe(1);
  const [id = ''] = ids;
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: 10_000n });
  const other = reservations.reserve(BILLER, { ...input, amount_nano_usd: 1 });
  await expect(other).rejects.toMatchObject({ code: 'conflict', param: 'idempotency_id' });
  await reservations.settle(BILLER, { reservation_id: id, cost_nano_usd: 9000 });
  // Neither a full budget nor a key that is switched off matters to what was answered before.
  await gateway.space.keys.disable(BILLER, gateway.keyId);
  expect(await reservations.reserve(BILLER, input)).toMatchObject({
    isRepeat: true,
    reservation: { id, state: 'settled', costNano: 9000n },
  });
  const usageOfThatName = aUsage(gateway, { idempotency_id: input.idempotency_id });
  await expect(
    gateway.app.services.recordings.record(BILLER, usageOfThatName),
  ).rejects.toMatchObject({ code: 'conflict' });
  await expectOneTruth(gateway, budgetId);
});

test('it holds more where there is room, and longer; neither is taken back by asking for less', async () => {
  const { gateway, budgetId, reservations, id } = await reserved({ expires_in: { seconds: 60 } });
  const before = reservations.get(BILLER, { reservation_id: id });
  const more = { reservation_id: id, amount_nano_usd: 60_000, expires_in: { seconds: 3600 } };
  const [extended] = await Promise.all([
    reservations.extend(BILLER, more),
    reservations.extend(BILLER, more),
  ]);
  expect(extended).toMatchObject({
    reservation: { amountNano: 60_000n },
    remainingNano: CAP - 60_000n,
  });
  expect(extended.reservation.expiresAtMs).toBeGreaterThan(before.expiresAtMs + 50 * MINUTE_MS);
  const asMuch = { reservation_id: id, amount_nano_usd: 5, expires_in: { seconds: 1 } };
  const { reservation } = await reservations.extend(BILLER, asMuch);
  expect(reservation.amountNano).toBe(60_000n);
  expect(reservation.expiresAtMs).toBeGreaterThan(before.expiresAtMs + 50 * MINUTE_MS);
  const tooMuch = { reservation_id: id, amount_nano_usd: '100001' };
  await expect(reservations.extend(BILLER, tooMuch)).rejects.toMatchObject({
    code: 'insufficient_quota',
  });
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: 60_000n });
  await expectOneTruth(gateway, budgetId);
  // On disk as well: after the first minute it is still held.
  gateway.clock.advance(2 * MINUTE_MS);
  expect(reservations.get(BILLER, { reservation_id: id }).state).toBe('open');
  await reservations.release(BILLER, { reservation_id: id });
});

test('nobody settles it: it is charged at its hold when its time is over, and an event tells it', async () => {
  const { gateway, budgetId, reservations, id } = await reserved();
  gateway.clock.advance(10 * MINUTE_MS);
  const state = () => reservations.get(BILLER, { reservation_id: id }).state;
  await until(() => state() === 'expired');
  expect(standing(gateway)).toEqual({ settledNano: 10_000n, heldNano: 0n });
  expect(await onRecord(gateway)).toEqual([['unknown', 'expired', 10_000n, 10_000n]]);
  await until(async () => (await gateway.events('reservation.expired')).length === 1);
  expect(await gateway.events('reservation.expired')).toMatchObject([
    {
      subject: id,
      requestId: id,
      actor: 'system',
      after: { charged: '0.00001', reservedBy: 'token:biller' },
    },
  ]);
  await expect(reservations.extend(BILLER, { reservation_id: id })).rejects.toMatchObject({
    message: 'The reservation is expired.',
  });
  await expectOneTruth(gateway, budgetId);
});

test('a late settlement corrects what was charged, once, however many send it at once', async () => {
  const { gateway, budgetId, reservations, id } = await reserved();
  gateway.clock.advance(10 * MINUTE_MS);
  await until(() => reservations.get(BILLER, { reservation_id: id }).state === 'expired');
  const settle = () => reservations.settle(BILLER, { reservation_id: id, usage });
  const answers = await Promise.all([settle(), settle(), settle()]);
  expect(answers.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
  for (const answer of answers) {
    expect(answer).toMatchObject({
      reservation: { state: 'settled', costNano: USAGE_NANO, amountNano: 10_000n },
      isPriced: true,
      remainingNano: CAP - USAGE_NANO,
    });
  }
  expect(await settle()).toMatchObject({ isRepeat: true, reservation: { costNano: USAGE_NANO } });
  await expect(reservations.release(BILLER, { reservation_id: id })).rejects.toMatchObject({
    code: 'failed_precondition',
  });
  expect(await onRecord(gateway)).toEqual([['unknown', 'expired', 10_000n, 10_000n]]);
  const { adjustments } = await gateway.space.requests.explain(BILLER, id);
  expect(adjustments).toMatchObject([
    { reason: 'late', actor: 'token:biller', deltaNano: USAGE_NANO - 10_000n },
  ]);
  expect(await gateway.events('ledger.adjusted')).toMatchObject([{ subject: id, requestId: id }]);
  await expectOneTruth(gateway, budgetId);
});

test('a late release gives back what was charged; what an operator said of the cost stands', async () => {
  const { gateway, budgetId, reservations, id } = await reserved();
  const { reservation: other } = await reservations.reserve(BILLER, aReservation(gateway));
  gateway.clock.advance(10 * MINUTE_MS);
  await until(() => standing(gateway).settledNano === 20_000n);
  const late = await reservations.release(BILLER, { reservation_id: id });
  expect(late).toMatchObject({ reservation: { state: 'released', costNano: 0n }, isRepeat: false });
  await gateway.space.corrections.adjust(
    { ...BILLER, role: 'admin' },
    { requestId: other.id, cost: '0.000003', note: 'as the invoice says' },
  );
  const settled = await reservations.settle(BILLER, { reservation_id: other.id, usage });
  expect(settled.reservation).toMatchObject({ state: 'settled', costNano: 3000n });
  await until(() => standing(gateway).settledNano === 3000n);
  await expectOneTruth(gateway, budgetId);
});

test('asked to be given back, it costs nothing when its time is over; a late settlement charges it', async () => {
  const { gateway, budgetId, reservations, id } = await reserved({ on_expiry: 'release' });
  gateway.clock.advance(10 * MINUTE_MS);
  await until(() => reservations.get(BILLER, { reservation_id: id }).state === 'expired');
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: 0n });
  expect(await onRecord(gateway)).toEqual([['voided', 'expired', 0n, 10_000n]]);
  expect(await gateway.events('reservation.expired')).toEqual([]);
  const settled = await reservations.settle(BILLER, {
    reservation_id: id,
    cost_nano_usd: '250000',
  });
  expect(settled).toMatchObject({
    reservation: { state: 'settled', costNano: 250_000n },
    overrunNano: 240_000n,
    remainingNano: CAP - 250_000n,
  });
  await expectOneTruth(gateway, budgetId);
});

test('an expiry that the store does not take now is made up for', async () => {
  const { gateway, budgetId, reservations, id } = await reserved();
  const blocker = connect(gateway.space.file);
  blocker.exec(
    "create trigger no_records before insert on usage_records begin select raise(abort, 'full'); end",
  );
  gateway.clock.advance(10 * MINUTE_MS);
  await until(() => gateway.logs().includes('write for another service refused'));
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: 10_000n });
  blocker.exec('drop trigger no_records');
  gateway.clock.advance(1000);
  await until(() => reservations.get(BILLER, { reservation_id: id }).state === 'expired');
  await expectOneTruth(gateway, budgetId);
});

test('it outlives its process: the next one holds it, settles it, or finds that its time is over', async () => {
  const before = await startGateway();
  await capOf(before, CAP);
  const services = before.app.services.reservations;
  const reserve = (fields: object) => services.reserve(BILLER, aReservation(before, fields));
  const short = await reserve({ expires_in: { seconds: 5 } });
  const long = await reserve({ expires_in: { seconds: 3600 } });
  await services.extend(BILLER, { reservation_id: long.reservation.id, amount_nano_usd: 20_000 });
  const { dataDir } = before.space.config;
  await before.app.close(0);

  const after = await startGateway({ dataDir });
  // Keys of the gateway that tests start are new; the reservation's is as before.
  const at = { ...after, keyId: before.keyId };
  expect(standing(at)).toEqual({ settledNano: 0n, heldNano: 30_000n });
  expect(await after.events('hold.recovered')).toEqual([]);
  const { reservations } = after.app.services;
  expect(reservations.get(BILLER, { reservation_id: long.reservation.id })).toMatchObject({
    state: 'open',
    amountNano: 20_000n,
  });
  after.clock.advance(5000);
  await until(() => standing(at).settledNano === 10_000n);
  expect(reservations.get(BILLER, { reservation_id: short.reservation.id }).state).toBe('expired');
  const settled = await reservations.settle(BILLER, { reservation_id: long.reservation.id, usage });
  expect(settled).toMatchObject({ reservation: { costNano: USAGE_NANO }, isPriced: true });
  expect(standing(at)).toEqual({ settledNano: 10_000n + USAGE_NANO, heldNano: 0n });
});

test('it is settled at the price of its time, whatever was set since', async () => {
  const { gateway, reservations, id } = await reserved();
  const admin = { ...BILLER, role: 'admin' as const };
  await gateway.space.prices.set(admin, {
    provider: 'openai',
    model: 'gpt-4o-mini',
    input: '1000',
    output: '1000',
  });
  const { reservation } = await reservations.settle(BILLER, { reservation_id: id, usage });
  expect(reservation.costNano).toBe(USAGE_NANO);
  const dear = await gateway.app.services.recordings.record(BILLER, aUsage(gateway));
  expect(dear.recorded.costNano).toBe(15n * 1_000_000n);
});

test('whoever may not use it, or names nobody, is told so, and nothing is held', async () => {
  const gateway = await startGateway();
  const budgetId = await capOf(gateway, CAP);
  const { reservations } = gateway.app.services;
  const restricted = { allowedModels: ['gpt-4o*'], allowedEndpoints: ['chat.*'] };
  await gateway.space.keys.update(BILLER, gateway.keyId, restricted);
  const reserve = (fields: object) => reservations.reserve(BILLER, aReservation(gateway, fields));
  await expect(reserve({ model: 'o3' })).rejects.toMatchObject({
    code: 'permission_denied',
    param: 'model',
  });
  await expect(reserve({ endpoint: 'embeddings' })).rejects.toMatchObject({
    code: 'permission_denied',
    param: 'endpoint',
  });
  await expect(reserve({ key: { id: 'nobody' } })).rejects.toMatchObject({ code: 'not_found' });
  const estimated = (estimate: object) => reserve({ amount_nano_usd: undefined, estimate });
  await expect(estimated({ images: 1 })).rejects.toMatchObject({
    code: 'model_not_priced',
    param: 'model',
  });
  const endless = reserve({
    amount_nano_usd: undefined,
    model: 'gpt-4o',
    estimate: { output: 10 ** 12, input: 1 },
  });
  await expect(endless).rejects.toMatchObject({ code: 'invalid_request', param: 'estimate' });
  const { reservation } = await estimated({ input: 10, output: 5 });
  expect(reservation.amountNano).toBe(USAGE_NANO);
  await reserve({ endpoint: 'chat.completions' });
  await gateway.space.keys.disable(BILLER, gateway.keyId);
  await expect(reserve({})).rejects.toMatchObject({ code: 'failed_precondition', param: 'key' });
  for (const id of ['nobody', '019cabcd-0000-7000-8000-000000000000']) {
    const named = { reservation_id: id };
    const unknown = { code: 'not_found', param: 'reservation_id' };
    await expect(reservations.release(BILLER, named)).rejects.toMatchObject(unknown);
    await expect(reservations.extend(BILLER, named)).rejects.toMatchObject(unknown);
    expect(() => reservations.get(BILLER, named)).toThrow('There is no such reservation.');
  }
  const viewer = { ...BILLER, role: 'viewer' as const };
  await expect(reservations.reserve(viewer, aReservation(gateway))).rejects.toMatchObject({
    code: 'permission_denied',
  });
  await expectOneTruth(gateway, budgetId);
  expect(await gateway.space.orm.em.fork().count(RemoteCall, {})).toBe(2);
});
