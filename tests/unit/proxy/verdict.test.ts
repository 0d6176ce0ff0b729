import { describe, expect, test } from '@jest/globals';
import type { Failure } from '../../../src/proxy/exchange.ts';
import { judge } from '../../../src/proxy/verdict.ts';
import type { Answer } from '../../../src/proxy/verdict.ts';

const answered = (
  status: number,
  facts: { errorCode?: string; retryAfterMs?: number } = {},
): Answer => ({
  phase: 'answered',
  status,
  errorCode: facts.errorCode ?? null,
  retryAfterMs: facts.retryAfterMs ?? null,
});
const failed = (failure: Failure, isSent: boolean): Answer => ({
  phase: 'failed',
  failure,
  isSent,
});

const STATUSES: [number, name: string, next: string, effect: string, code: string | null][] = [
  [200, 'served', 'deliver', 'served', null],
  [201, 'served', 'deliver', 'served', null],
  [206, 'served', 'deliver', 'served', null],
  [204, 'empty', 'stop', 'none', 'empty_response'],
  [205, 'empty', 'stop', 'none', 'empty_response'],
  [301, 'redirect', 'stop', 'origin', 'upstream_error'],
  [304, 'redirect', 'stop', 'origin', 'upstream_error'],
  [307, 'redirect', 'stop', 'origin', 'upstream_error'],
  [400, 'client_error', 'refuse', 'none', null],
  [401, 'unauthorized', 'next', 'suspect', 'no_credentials'],
  [402, 'payment_required', 'next', 'exhausted', 'no_credentials'],
  [403, 'forbidden', 'next', 'forbidden', 'no_credentials'],
  [404, 'client_error', 'refuse', 'none', null],
  [408, 'try_elsewhere', 'next', 'none', 'upstream_error'],
  [409, 'try_elsewhere', 'next', 'none', 'upstream_error'],
  [413, 'client_error', 'refuse', 'none', null],
  [415, 'client_error', 'refuse', 'none', null],
  [422, 'client_error', 'refuse', 'none', null],
  [425, 'try_elsewhere', 'next', 'none', 'upstream_error'],
  [429, 'rate_limited', 'next', 'cooling', 'upstream_rate_limited'],
  [499, 'client_error', 'refuse', 'none', null],
  [500, 'server_error', 'next', 'origin', 'upstream_error'],
  [502, 'server_error', 'next', 'origin', 'upstream_error'],
  [503, 'server_error', 'next', 'origin', 'upstream_error'],
  [504, 'server_error', 'next', 'origin', 'upstream_error'],
  [529, 'server_error', 'next', 'origin', 'upstream_error'],
  [600, 'odd_status', 'next', 'origin', 'upstream_error'],
  [999, 'odd_status', 'next', 'origin', 'upstream_error'],
];

test.each(STATUSES)('status %i is %s', (status, name, next, effect, code) => {
  for (const isRepeatable of [true, false]) {
    const verdict = judge(answered(status), isRepeatable);
    expect([verdict.name, verdict.next, verdict.effect.kind]).toEqual([name, next, effect]);
    expect(verdict.error?.code ?? null).toBe(code);
  }
});

const FAILURES: [Failure, isSent: boolean, name: string, next: string, repeated: string][] = [
  ['client_gone', true, 'client_gone', 'stop', 'stop'],
  ['client_gone', false, 'client_gone', 'stop', 'stop'],
  ['client_stalled', true, 'client_gone', 'stop', 'stop'],
  ['deadline', true, 'deadline', 'stop', 'stop'],
  ['deadline', false, 'deadline', 'stop', 'stop'],
  ['draining', true, 'draining', 'stop', 'stop'],
  ['draining', false, 'draining', 'stop', 'stop'],
  ['connect', false, 'connect_failed', 'next', 'next'],
  ['first_byte_timeout', false, 'never_sent', 'next', 'next'],
  ['lost', false, 'never_sent', 'next', 'next'],
  ['first_byte_timeout', true, 'first_byte_timeout', 'stop', 'next'],
  ['idle_timeout', true, 'first_byte_timeout', 'stop', 'next'],
  ['lost', true, 'lost', 'stop', 'next'],
];

test.each(FAILURES)('%s (sent: %s) is %s', (failure, isSent, name, next, repeated) => {
  const once = judge(failed(failure, isSent), false);
  expect([once.name, once.next]).toEqual([name, next]);
  expect(judge(failed(failure, isSent), true).next).toBe(repeated);
  expect(once.error).not.toBeNull();
});

describe('an empty account', () => {
  test.each([400, 403, 429, 500])('is told by its code under status %i', (status) => {
    for (const errorCode of ['insufficient_quota', 'billing_hard_limit_reached']) {
      const verdict = judge(answered(status, { errorCode }), false);
      expect(verdict).toMatchObject({ name: 'out_of_quota', next: 'next' });
      expect(verdict.effect).toEqual({ kind: 'exhausted' });
    }
  });

  test('is not told by a success that happens to carry the code', () => {
    expect(judge(answered(200, { errorCode: 'insufficient_quota' }), false).name).toBe('served');
  });
});

test.each([[7000], [0], [null]])('a 429 hands on its wait of %s ms', (ms) => {
  const verdict = judge(answered(429, ms === null ? {} : { retryAfterMs: ms }), false);
  expect(verdict.effect).toEqual({ kind: 'cooling', ms });
});

test('what a client’s fault is blames nobody, and only that is given back', () => {
  for (let status = 200; status < 600; status += 1) {
    const verdict = judge(answered(status), false);
    if (verdict.next === 'refuse') expect(verdict.effect.kind).toBe('none');
    expect(verdict.error === null).toBe(verdict.next === 'refuse' || verdict.next === 'deliver');
  }
});
