import { expect, test } from '@jest/globals';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { startGateway } from '../../support/gateway.ts';
import { grpcOf } from '../../support/gateway-grpc.ts';
import { startFace } from './face.ts';

/** A face whose GetKey fails as the test says. */
async function failing(error: unknown) {
  const face = await startFace({
    methods: {
      KeyService: {
        GetKey() {
          throw error;
        },
      },
    },
  });
  return { face, refusal: await refusalFrom(face.client().ask('KeyService', 'GetKey', {})) };
}

test('all mistakes at once, each with its field as the contract names it', async () => {
  const gateway = await startGateway({ env: { GRPC_PORT: '0' } });
  const call = grpcOf(gateway).ask('UsageService', 'RecordUsage', {
    idempotencyId: '',
    key: { id: gateway.keyId },
    model: '',
    costNanoUsd: '-1',
  });
  const refusal = await refusalFrom(call);
  expect(refusal).toMatchObject({
    code: 'INVALID_ARGUMENT',
    reason: 'tollgate/INVALID_REQUEST',
    facts: { fault: 'client', retryable: 'false' },
  });
  const fields = refusal.violations?.map(({ field }) => field);
  expect(fields).toEqual(expect.arrayContaining(['idempotency_id', 'model', 'cost_nano_usd']));
  for (const { field, description } of refusal.violations ?? []) {
    expect(refusal.message).toContain(`${field}: ${description}`);
  }
});

test('what passes says when to try again', async () => {
  const wait = { retryAfterMs: 61_500.2 };
  const limited = await failing(new GatewayError('rate_limit_exceeded', 'Too many.', wait));
  expect(limited.refusal).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    retryMs: 61_501,
    facts: { retryable: 'true' },
  });
  const unready = await failing(new GatewayError('storage_unavailable', 'The disk is full.'));
  expect(unready.refusal).toMatchObject({ code: 'UNAVAILABLE', retryMs: 1000 });
  const spent = await failing(new GatewayError('budget_exceeded', 'The budget is used up.'));
  expect(spent.refusal).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'tollgate/BUDGET_EXCEEDED',
  });
  expect(spent.refusal.retryMs).toBeUndefined();
});

test('what nobody expected is told to the log, and to the caller by the id to look for', async () => {
  const { face, refusal } = await failing(new Error('password 123'));
  expect(refusal).toMatchObject({ code: 'INTERNAL', message: 'An internal error occurred.' });
  const line = face
    .logs()
    .split('\n')
    .find((text) => text.includes('password 123'));
  expect(JSON.parse(line ?? '{}')).toMatchObject({
    requestId: refusal.requestId,
    method: 'tollgate.v1.KeyService/GetKey',
    level: 50,
  });
});

test('any text comes through, in any length', async () => {
  const texts = ['Ключ не найден: 100 %\nи всё', 'half a pair: \ud800', '%41 \u0000 \u007f', '🗝'];
  for (const text of texts) {
    const { refusal } = await failing(new GatewayError('not_found', text));
    expect(refusal).toMatchObject({ code: 'NOT_FOUND', message: text.toWellFormed() });
  }
  const mistakes = Array.from({ length: 500 }, (_, nth) => ({
    field: `requests.${nth}.key`,
    text: 'ключа нет, а должен быть',
  }));
  const message = mistakes.map(({ field, text }) => `${field}: ${text}`).join('; ');
  const { refusal } = await failing(new GatewayError('invalid_request', message, { mistakes }));
  expect(refusal.code).toBe('INVALID_ARGUMENT');
  expect(message.startsWith(refusal.message.slice(0, -1))).toBe(true);
  expect(refusal.message.length).toBeGreaterThan(300);
  expect(refusal.violations?.length).toBeGreaterThan(20);
  expect(refusal.violations?.[0]).toEqual({
    field: 'requests.0.key',
    description: 'ключа нет, а должен быть',
  });
});
