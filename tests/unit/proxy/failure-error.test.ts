import { expect, test } from '@jest/globals';
import { failureError } from '../../../src/proxy/failure-error.ts';
import type { Failure } from '../../../src/proxy/exchange.ts';

const FAILURES: [Failure, code: string, status: number][] = [
  ['connect', 'upstream_error', 502],
  ['token_refused', 'no_credentials', 503],
  ['withdrawn', 'no_credentials', 503],
  ['lost', 'upstream_stream_interrupted', 502],
  ['first_byte_timeout', 'upstream_timeout', 504],
  ['idle_timeout', 'stream_timeout', 504],
  ['deadline', 'stream_timeout', 504],
  ['draining', 'draining', 503],
  ['client_gone', 'client_closed_request', 499],
  ['client_stalled', 'client_closed_request', 499],
  ['key_revoked', 'key_revoked', 401],
];

test.each(FAILURES)('an answer that broke off by %s is %s', (failure, code, status) => {
  const error = failureError(failure);
  expect([error.code, error.row.http]).toEqual([code, status]);
});
