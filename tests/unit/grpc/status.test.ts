import { expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { catalogue } from '../../../src/errors/catalogue.ts';
import type { ErrorCode } from '../../../src/errors/catalogue.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { statusOf } from '../../../src/grpc/status.ts';
import { refusalOf } from '../../support/grpc-client.ts';

const ID = '01890000-0000-7000-8000-000000000000';
const codes = Object.keys(catalogue) as ErrorCode[];

test.each(codes)('%s is told from its row, under the id of its request', (code) => {
  const told = statusOf(new GatewayError(code, 'Say “why”.'), ID);
  const { grpc, fault, retryable } = catalogue[code];
  expect(told.code).toBe(status[grpc]);
  expect(told.metadata.get('x-request-id')).toEqual([ID]);
  const { retryMs, ...refusal } = refusalOf(told);
  expect(refusal).toEqual({
    code: grpc,
    message: 'Say “why”.',
    reason: `tollgate/${code.toUpperCase()}`,
    facts: { fault, retryable: String(retryable) },
    requestId: ID,
  });
  const isPassing = retryable && (grpc === 'UNAVAILABLE' || grpc === 'RESOURCE_EXHAUSTED');
  expect(retryMs).toBe(isPassing ? 1000 : undefined);
});

test('a client may try again by itself only what may work then', () => {
  for (const code of codes) {
    const { grpc, retryable } = catalogue[code];
    // By their default policies clients repeat UNAVAILABLE, and nothing else.
    if (grpc === 'UNAVAILABLE') expect([code, retryable]).toEqual([code, true]);
    if (grpc === 'INVALID_ARGUMENT' || grpc === 'FAILED_PRECONDITION') {
      expect([code, retryable]).toEqual([code, false]);
    }
  }
});

test.each([
  [0, 0],
  [-5, 0],
  [0.1, 1],
  [999.99, 1000],
  [86_400_000, 86_400_000],
])('a wait of %s ms is told as %s', (retryAfterMs, wanted) => {
  const told = statusOf(new GatewayError('overloaded', 'x', { retryAfterMs }), ID);
  expect(refusalOf(told).retryMs).toBe(wanted);
});

test('the field at fault is told where there is but one', () => {
  const told = statusOf(new GatewayError('not_found', 'No such pool.', { param: 'pool_id' }), ID);
  expect(refusalOf(told).violations).toEqual([{ field: 'pool_id', description: 'No such pool.' }]);
});

test.each(['a', 'ж', '🗝', '\ud800'])(
  'of a long text of %j there is so much as clients take',
  (one) => {
    const long = one.repeat(100_000);
    const mistakes = Array.from({ length: 1000 }, () => ({ field: long, text: long }));
    const told = statusOf(new GatewayError('invalid_request', long, { mistakes }), ID);
    const bytes = Object.entries(told.metadata.toHttp2Headers()).reduce(
      (sum, [name, value]) => sum + name.length + String(value).length + 32,
      encodeURI(told.details).length,
    );
    expect(bytes).toBeLessThan(8 * 1024);
    expect(told.details.length).toBeGreaterThan(100);
  },
);
