import { describe, expect, test } from '@jest/globals';
import type { LimitState } from '../../../src/accounting/limits.ts';
import { durationText, limitHeaders } from '../../../src/proxy/limit-headers.ts';
import { retryAfterMs } from '../../../src/proxy/retry-after.ts';

const aState = (facts: Partial<LimitState>): LimitState => ({
  scope: 'key',
  kind: 'requests',
  limit: 60,
  remaining: 59,
  resetMs: 60_000,
  ...facts,
});

const UNLIMITED = {
  'x-ratelimit-limit-rpm': 'unlimited',
  'x-ratelimit-remaining-rpm': 'unlimited',
  'x-ratelimit-limit-tpm': 'unlimited',
  'x-ratelimit-remaining-tpm': 'unlimited',
};

describe('limitHeaders', () => {
  test('without a limit OpenAI’s headers are absent, and those of system B say so', () => {
    expect(limitHeaders([])).toEqual(UNLIMITED);
  });

  test('one limit is told in both languages, the other stays unlimited', () => {
    expect(limitHeaders([aState({ resetMs: 1500 })])).toEqual({
      ...UNLIMITED,
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1.5s',
      'x-ratelimit-limit-rpm': '60',
      'x-ratelimit-remaining-rpm': '59',
    });
  });

  test('of requests and of tokens each the limit with least left is told, in any order', () => {
    const states = [
      aState({ limit: 60, remaining: 9 }),
      aState({ kind: 'tokens', limit: 1000, remaining: 0, resetMs: 20 }),
      aState({ scope: 'team', limit: 500, remaining: 8 }),
      aState({ scope: 'team', kind: 'tokens', limit: 90, remaining: 1 }),
    ];
    const expected = {
      'x-ratelimit-limit-requests': '500',
      'x-ratelimit-remaining-requests': '8',
      'x-ratelimit-reset-requests': '1m0s',
      'x-ratelimit-limit-rpm': '500',
      'x-ratelimit-remaining-rpm': '8',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '20ms',
      'x-ratelimit-limit-tpm': '1000',
      'x-ratelimit-remaining-tpm': '0',
    };
    expect(limitHeaders(states)).toEqual(expected);
    expect(limitHeaders(states.toReversed())).toEqual(expected);
  });

  test('of two with as much left the one that lasts longer is told', () => {
    const states = [
      aState({ limit: 3, remaining: 0, resetMs: 10 }),
      aState({ limit: 5, remaining: 0, resetMs: 20 }),
    ];
    for (const told of [states, states.toReversed()]) {
      expect(limitHeaders(told)).toMatchObject({ 'x-ratelimit-limit-requests': '5' });
    }
  });
});

test.each([
  [0, '0s'],
  [0.01, '1ms'],
  [20, '20ms'],
  [999, '999ms'],
  [999.2, '1s'],
  [1000, '1s'],
  [8640, '8.64s'],
  [59_999, '59.999s'],
  [59_999.4, '1m0s'],
  [60_000, '1m0s'],
  [360_000, '6m0s'],
  [61_020, '1m1.02s'],
])('%s ms are written %s, and read back as no less', (ms, text) => {
  expect(durationText(ms)).toBe(text);
  const headers = { 'x-ratelimit-reset-requests': text };
  expect(retryAfterMs(headers, { status: 429, nowMs: 0 })).toBeCloseTo(Math.ceil(ms), 6);
});
