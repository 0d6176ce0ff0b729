import { expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { grpcOf } from '../../support/gateway-grpc.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { capOf, INPUT_NANO, USAGE_NANO } from './fixture.ts';

const CAP = 1_000_000n;
const gatewayOf = gatewayOfFile({ env: { GRPC_PORT: '0' } });
const usage = { input: 10, output: 5 };

test('a call is recorded, told again, and found in the usage of its key', async () => {
  const gateway = gatewayOf();
  const client = grpcOf(gateway);
  const budgetId = await capOf(gateway, CAP);
  const key = { secret: gateway.key };
  const asked = {
    idempotencyId: 'recorded',
    key,
    provider: 'openai',
    model: 'gpt-4o-mini',
    endpoint: 'chat.completions',
    usage: { ...usage, cacheRead: '4' },
    usedAt: { seconds: Math.floor(gateway.clock.now() / 1000) - 5 },
    countsInLimits: true,
  };
  const recorded = await client.ask('UsageService', 'RecordUsage', asked);
  const costNano = USAGE_NANO + (4n * INPUT_NANO) / 2n;
  expect(recorded).toMatchObject({
    costNanoUsd: String(costNano),
    isPriced: true,
    isRepeat: false,
    remainingNanoUsd: String(CAP - costNano),
    budgets: [
      {
        id: budgetId,
        scope: 'SCOPE_KEY',
        subjectId: gateway.keyId,
        capNanoUsd: String(CAP),
        settledNanoUsd: String(costNano),
        heldNanoUsd: '0',
        isHard: true,
        resetsAt: null,
      },
    ],
  });
  expect(await client.ask('UsageService', 'RecordUsage', asked)).toMatchObject({
    requestId: recorded.requestId,
    costNanoUsd: recorded.costNanoUsd,
    isRepeat: true,
  });
  const byCost = { ...asked, idempotencyId: 'by cost', model: 'house', costNanoUsd: '77' };
  await client.ask('UsageService', 'RecordUsage', byCost);
  const { total, models } = await client.ask('UsageService', 'GetUsage', { key });
  expect(total).toMatchObject({
    calls: '2',
    costNanoUsd: String(costNano + 77n),
    usage: { input: '20', cacheRead: '8', output: '10', reasoning: '0' },
  });
  expect(models.map(({ model, sum }) => [model, sum?.calls, sum?.costNanoUsd])).toEqual([
    ['gpt-4o-mini', '1', String(costNano)],
    ['house', '1', '77'],
  ]);
  const later = { since: { seconds: Math.floor(gateway.clock.now() / 1000) + 3600 }, key };
  const refusal = await refusalFrom(client.ask('UsageService', 'GetUsage', later));
  expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT', violations: [{ field: 'since' }] });
});

test('money is held, more of it, longer, settled, and told as it is at every step', async () => {
  const gateway = gatewayOf();
  const client = grpcOf(gateway);
  const { reservation, budgets, isRepeat } = await client.ask('UsageService', 'Reserve', {
    idempotencyId: 'reserved',
    key: { id: gateway.keyId },
    provider: 'openai',
    model: 'gpt-4o-mini',
    estimate: usage,
    expiresIn: { seconds: 30, nanos: 500_000_000 },
    onExpiry: 'EXPIRY_ACTION_RELEASE',
  });
  expect({ isRepeat, held: budgets[0]?.heldNanoUsd }).toEqual({
    isRepeat: false,
    held: String(USAGE_NANO),
  });
  expect(reservation).toMatchObject({
    idempotencyId: 'reserved',
    keyId: gateway.keyId,
    state: 'RESERVATION_STATE_OPEN',
    amountNanoUsd: String(USAGE_NANO),
  });
  expect(reservation?.costNanoUsd).toBeUndefined();
  const reservationId = reservation?.id ?? '';
  const extended = await client.ask('UsageService', 'Extend', {
    reservationId,
    amountNanoUsd: '9000',
    expiresIn: { seconds: 60 },
  });
  expect(extended.reservation).toMatchObject({ amountNanoUsd: '9000' });
  const untilSeconds = Number(extended.reservation?.expiresAt?.seconds);
  expect(untilSeconds).toBeGreaterThan(Number(reservation?.expiresAt?.seconds));
  const settle = { reservationId, costNanoUsd: '9500', usage };
  expect(await client.ask('UsageService', 'Settle', settle)).toMatchObject({
    reservation: { state: 'RESERVATION_STATE_SETTLED', costNanoUsd: '9500' },
    isRepeat: false,
    isPriced: true,
    overrunNanoUsd: '500',
  });
  const told = await client.ask('UsageService', 'GetReservation', { reservationId });
  expect(told.reservation).toMatchObject({
    id: reservationId,
    state: 'RESERVATION_STATE_SETTLED',
    amountNanoUsd: '9000',
    costNanoUsd: '9500',
    expiresAt: { seconds: String(untilSeconds) },
  });
  const release = client.ask('UsageService', 'Release', { reservationId });
  expect(await refusalFrom(release)).toMatchObject({ code: 'FAILED_PRECONDITION' });
  const otherwise = client.ask('UsageService', 'Settle', { ...settle, costNanoUsd: '1' });
  expect(await refusalFrom(otherwise)).toMatchObject({ code: 'ALREADY_EXISTS' });
});

test('one that was not made costs nothing', async () => {
  const gateway = gatewayOf();
  const client = grpcOf(gateway);
  const { reservation } = await client.ask('UsageService', 'Reserve', {
    idempotencyId: 'not made',
    key: { id: gateway.keyId },
    model: 'gpt-4o-mini',
    amountNanoUsd: '500',
  });
  const reservationId = reservation?.id ?? '';
  const released = await client.ask('UsageService', 'Release', { reservationId });
  expect(released).toMatchObject({
    reservation: { state: 'RESERVATION_STATE_RELEASED', costNanoUsd: '0', amountNanoUsd: '500' },
    isRepeat: false,
  });
});

async function fieldsOf(call: Promise<unknown>): Promise<string[]> {
  const { code, violations } = await refusalFrom(call);
  return [code, ...(violations ?? []).map(({ field }) => field)];
}

test('every mistake of a message is told at once, by the names that the contract has', async () => {
  const client = grpcOf(gatewayOf());
  const record = client.ask('UsageService', 'RecordUsage', {
    idempotencyId: 'x'.repeat(129),
    key: {},
    provider: 'a\nb',
    model: '',
    endpoint: 'no such thing',
    usage: { cacheRead: -1, audioMillis: '9000000000000000' },
    costNanoUsd: '-5',
    usedAt: { seconds: 1 },
  });
  expect(await fieldsOf(record)).toEqual([
    'INVALID_ARGUMENT',
    'idempotency_id',
    'key',
    'provider',
    'model',
    'endpoint',
    'usage.cache_read',
    'usage.audio_millis',
    'cost_nano_usd',
    'used_at',
  ]);
  const reserve = client.ask('UsageService', 'Reserve', {
    idempotencyId: '',
    key: { id: '' },
    model: 'm',
    expiresIn: { seconds: 90_000 },
    onExpiry: 7 as never,
  });
  expect(await fieldsOf(reserve)).toEqual([
    'INVALID_ARGUMENT',
    'idempotency_id',
    'expires_in',
    'on_expiry',
    'amount_nano_usd',
  ]);
  const settle = client.ask('UsageService', 'Settle', { reservationId: '' });
  expect(await fieldsOf(settle)).toEqual(['INVALID_ARGUMENT', 'reservation_id', 'usage']);
});
