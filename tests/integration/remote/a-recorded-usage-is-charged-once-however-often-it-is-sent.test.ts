import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import {
  aReservation,
  aUsage,
  BILLER,
  capOf,
  expectOneTruth,
  OUTPUT_NANO,
  standing,
  USAGE_NANO,
} from './fixture.ts';

test('it is on record with its price, and counts in the budget at once', async () => {
  const gateway = await startGateway();
  const { recordings } = gateway.app.services;
  const budgetId = await capOf(gateway, 1_000_000n);
  const input = aUsage(gateway);
  const pending = recordings.record(BILLER, input);
  // Not on disk yet, and nobody else may spend it.
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: USAGE_NANO });
  const { recorded, budgets, remainingNano } = await pending;
  expect(recorded).toMatchObject({ costNano: USAGE_NANO, isPriced: true, isRepeat: false });
  expect(recorded.priceId).toMatch(/^pr_/);
  expect(budgets).toMatchObject([{ id: budgetId, settledNano: USAGE_NANO, heldNano: 0n }]);
  expect(remainingNano).toBe(1_000_000n - USAGE_NANO);
  expect(await gateway.records()).toMatchObject([
    {
      id: recorded.id,
      keyId: gateway.keyId,
      credentialId: '',
      endpoint: 'chat.completions',
      status: 200,
      outcome: 'settled',
      reason: 'ok',
      usageSource: 'reported',
      input: 10,
      output: 5,
      costNano: USAGE_NANO,
      attempts: [],
      route: null,
    },
  ]);
  await expectOneTruth(gateway, budgetId);
});

test('sent again, before and after its commit, it is the same; with other content it is a conflict', async () => {
  const gateway = await startGateway();
  const { recordings } = gateway.app.services;
  const budgetId = await capOf(gateway, 1_000_000n);
  const input = aUsage(gateway);
  const other = { ...input, usage: { input: 11, output: 5 } };
  const clash = { code: 'conflict', param: 'idempotency_id' };
  const first = recordings.record(BILLER, input);
  const twins = Array.from({ length: 200 }, () => recordings.record(BILLER, input));
  await expect(recordings.record(BILLER, other)).rejects.toMatchObject(clash);
  const { recorded } = await first;
  expect(recorded.isRepeat).toBe(false);
  for (const twin of await Promise.all(twins)) {
    expect(twin.recorded).toEqual({ ...recorded, isRepeat: true });
  }
  expect((await recordings.record(BILLER, input)).recorded).toEqual({
    ...recorded,
    isRepeat: true,
  });
  await expect(recordings.record(BILLER, other)).rejects.toMatchObject(clash);
  // Another key has names of its own, and money held under a name is no usage.
  const { virtualKey } = await gateway.space.keys.create(BILLER, { name: 'other' });
  const others = await recordings.record(BILLER, { ...input, key: { id: virtualKey.id } });
  expect(others.recorded.isRepeat).toBe(false);
  const { key, idempotency_id, model } = input;
  const reserve = { key, idempotency_id, model, amount_nano_usd: 1 };
  await expect(gateway.app.services.reservations.reserve(BILLER, reserve)).rejects.toMatchObject(
    clash,
  );
  expect(await gateway.records()).toHaveLength(2);
  await expectOneTruth(gateway, budgetId);
});

test('a gateway that started anew knows it', async () => {
  const before = await startGateway();
  const input = aUsage(before);
  const { recorded } = await before.app.services.recordings.record(BILLER, input);
  const { dataDir } = before.space.config;
  await before.app.close(0);
  const after = await startGateway({ dataDir });
  const again = await after.app.services.recordings.record(BILLER, input);
  expect(again.recorded).toEqual({ ...recorded, isRepeat: true });
  expect(await after.records()).toHaveLength(1);
});

test('it has happened: neither a used up budget nor a deleted key keeps it off the record', async () => {
  const gateway = await startGateway();
  const { recordings } = gateway.app.services;
  const budgetId = await capOf(gateway, 1n);
  await recordings.record(BILLER, aUsage(gateway));
  expect(standing(gateway)).toEqual({ settledNano: USAGE_NANO, heldNano: 0n });
  expect((await gateway.chat()).status).toBe(402);
  await gateway.space.keys.remove(BILLER, gateway.keyId);
  const { remainingNano } = await recordings.record(BILLER, aUsage(gateway));
  expect(remainingNano).toBe(1n - 2n * USAGE_NANO);
  await expectOneTruth(gateway, budgetId);
});

test('a cost that is given is taken as it is; what has no price is told to be a lower bound', async () => {
  const gateway = await startGateway();
  const { recordings } = gateway.app.services;
  const given = await recordings.record(BILLER, aUsage(gateway, { cost_nano_usd: '123456789012' }));
  expect(given.recorded).toMatchObject({ costNano: 123_456_789_012n, priceId: '', isPriced: true });
  const unknown = await recordings.record(BILLER, aUsage(gateway, { model: 'nobody-knows-it' }));
  expect(unknown.recorded).toMatchObject({ costNano: 0n, priceId: '', isPriced: false });
  // At an endpoint that is none of ours nobody adds a fee.
  const external = await recordings.record(BILLER, aUsage(gateway, { endpoint: '' }));
  expect(external.recorded.costNano).toBe(USAGE_NANO);
  expect((await gateway.records()).at(-1)?.endpoint).toBe('external');
});

const timeOf = (ms: number) => ({ seconds: String(Math.floor(ms / 1000)), nanos: 0 });

test('one of another day counts in that day, and is found among its calls', async () => {
  const gateway = await startGateway();
  const { recordings } = gateway.app.services;
  const budgetId = await capOf(gateway, 1_000_000n, { period: 'daily', zone: 'UTC' });
  const nowMs = gateway.clock.now();
  const days = [30, 3, 2].map((ago) => nowMs - ago * 86_400_000);
  for (const ms of days) await recordings.record(BILLER, aUsage(gateway, { used_at: timeOf(ms) }));
  expect(standing(gateway)).toEqual({ settledNano: 0n, heldNano: 0n });
  // A clock that goes a little ahead of ours says now.
  const ahead = await recordings.record(
    BILLER,
    aUsage(gateway, { used_at: timeOf(nowMs + 200_000) }),
  );
  expect(standing(gateway)).toEqual({ settledNano: USAGE_NANO, heldNano: 0n });
  const records = await gateway.records();
  // Ids rise with the time of the calls, whenever they were told.
  expect(records.map(({ startedAtMs }) => startedAtMs)).toEqual([
    ...days.map((ms) => Math.floor(ms / 1000) * 1000),
    expect.any(Number),
  ]);
  expect(records.at(-1)?.id).toBe(ahead.recorded.id);
  expect(records.at(-1)?.startedAtMs).toBeLessThanOrEqual(gateway.clock.now());
  const { items } = await gateway.space.requests.list(BILLER, { first: 3 });
  expect(items.map(({ node }) => node.id)).toEqual(
    records
      .map(({ id }) => id)
      .toReversed()
      .slice(0, 3),
  );
  await expectOneTruth(gateway, budgetId);
});

test('one of long ago is not taken; sent again after that time it has its answer', async () => {
  const gateway = await startGateway();
  const { recordings } = gateway.app.services;
  const ago = 31 * 86_400_000;
  const used_at = timeOf(gateway.clock.now() - ago + 5000);
  const input = aUsage(gateway, { used_at });
  const { recorded } = await recordings.record(BILLER, input);
  gateway.clock.advance(10_000);
  expect((await recordings.record(BILLER, input)).recorded).toEqual({
    ...recorded,
    isRepeat: true,
  });
  await expect(recordings.record(BILLER, aUsage(gateway, { used_at }))).rejects.toMatchObject({
    code: 'invalid_request',
    param: 'used_at',
    message: 'used_at: must be at most 31 days ago, and at most five minutes ahead',
  });
  const ahead = timeOf(gateway.clock.now() + 400_000);
  await expect(
    recordings.record(BILLER, aUsage(gateway, { used_at: ahead })),
  ).rejects.toMatchObject({ param: 'used_at' });
  expect(await gateway.records()).toHaveLength(1);
});

test('what costs more than ten thousand dollars is no call: neither said nor priced is it taken', async () => {
  const gateway = await startGateway();
  const { recordings, reservations } = gateway.app.services;
  const most = 10n ** 13n;
  const cost = (nano: bigint) => aUsage(gateway, { cost_nano_usd: String(nano) });
  expect((await recordings.record(BILLER, cost(most))).recorded.costNano).toBe(most);
  await expect(recordings.record(BILLER, cost(most + 1n))).rejects.toMatchObject({
    param: 'cost_nano_usd',
    message: 'cost_nano_usd: must be a whole number from 0 to 10000000000000',
  });
  const output = Number(most / OUTPUT_NANO);
  const used = (more: number) => aUsage(gateway, { usage: { output: output + more } });
  expect((await recordings.record(BILLER, used(0))).recorded.isPriced).toBe(true);
  await expect(recordings.record(BILLER, used(1))).rejects.toMatchObject({ param: 'usage' });
  const amount_nano_usd = String(most + 1n);
  await expect(
    reservations.reserve(BILLER, aReservation(gateway, { amount_nano_usd })),
  ).rejects.toMatchObject({ param: 'amount_nano_usd' });
});

test('it counts in the limits of the last minute where that is asked for', async () => {
  const gateway = await startGateway();
  const { leases, recordings } = gateway.app.services;
  await gateway.space.keys.update(BILLER, gateway.keyId, { rpmLimit: 10, tpmLimit: 1000 });
  await recordings.record(BILLER, aUsage(gateway));
  const counted = aUsage(gateway, { counts_in_limits: true });
  await recordings.record(BILLER, counted);
  await recordings.record(BILLER, counted);
  const windows = leases.windows(BILLER, { key: { id: gateway.keyId } });
  const used = windows.map(({ kind, used: taken }) => [kind, taken]);
  expect(used).toEqual([
    ['requests', 1],
    ['tokens', 15],
  ]);
});

test('who looks on sees it, and no balance of ours moves', async () => {
  const gateway = await startGateway();
  const { live, recordings } = gateway.app.services;
  const over = new AbortController();
  const settled = await live.settled(BILLER);
  const seen = settled.next();
  const { recorded } = await recordings.record(BILLER, aUsage(gateway));
  expect((await seen).value).toMatchObject({ id: recorded.id, costNano: USAGE_NANO });
  over.abort();
  await settled.return();
  const metrics = await gateway.fetch('/metrics', { method: 'GET' });
  const text = await metrics.text();
  expect(text).toContain('tollgate_remote_calls_total{outcome="settled"} 1');
  expect(text).toContain('tollgate_cost_usd_total{pool="default"} 0.0000045');
  expect(text).not.toContain('tollgate_overrun_usd_total{pool="default"}');
  expect(text).not.toContain('tollgate_requests_total{');
});
