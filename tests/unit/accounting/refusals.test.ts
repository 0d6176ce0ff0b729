import { describe, expect, test } from '@jest/globals';
import type { LimitRefusal } from '../../../src/accounting/limits.ts';
import { renderOpenAiError } from '../../../src/errors/openai.ts';
import { budgetError, limitError } from '../../../src/accounting/refusals.ts';
import { NOW } from '../proxy/fixture.ts';

const aRefusal = (
  scope: 'key' | 'team',
  facts: Partial<Omit<LimitRefusal, 'subject'>>,
): LimitRefusal => ({
  subject: { scope, id: 'one', rpm: 60, tpm: 9000, concurrency: 5 },
  kind: 'requests',
  limit: 60,
  used: 60,
  asked: 1,
  waitMs: 12_300.2,
  ...facts,
});

const spent = {
  budgetId: 'b',
  scope: 'team',
  subjectId: 't',
  capNano: 5_000_000_000n,
  settledNano: 4_900_000_000n,
  heldNano: 50_000_000n,
  amountNano: 75_000_000n,
  resetsAtMs: NOW + 86_400_000,
} as const;

describe('a refusal by a limit says of whom, how much there is, what is used, and until when', () => {
  test.each([
    [
      aRefusal('key', {}),
      'Rate limit exceeded. Limit: 60 requests/minute for this key: 60 used, 1 needed for this call. There is room again at 2026-03-01T00:00:12.301Z.',
    ],
    [
      aRefusal('team', { kind: 'tokens', limit: 9000, used: 8500, asked: 800 }),
      'Rate limit exceeded. Limit: 9000 tokens/minute for this team: 8500 used, 800 needed for this call. There is room again at 2026-03-01T00:00:12.301Z.',
    ],
    [
      aRefusal('key', { kind: 'concurrency', limit: 5, used: 5, waitMs: 1000 }),
      'Rate limit exceeded. Limit: 5 calls at once for this key: 5 under way. There is room again when one of them ends.',
    ],
  ])('%#', (refusal, message) => {
    const error = limitError(refusal, NOW);
    expect([error.code, error.message]).toEqual(['rate_limit_exceeded', message]);
    const { status, headers } = renderOpenAiError(error);
    expect(status).toBe(429);
    expect(headers).toMatchObject({
      'retry-after': String(Math.ceil(refusal.waitMs / 1000)),
      'retry-after-ms': String(Math.ceil(refusal.waitMs)),
      'x-should-retry': 'true',
    });
  });
});

describe('a refusal by a budget says the same of money, and that it is of no use to try again', () => {
  test('that resets', () => {
    const error = budgetError(spent, NOW);
    expect(error.message).toBe(
      'Budget exceeded. The budget of this team is $5.00: $4.90 spent, $0.05 held by calls under way, ' +
        '$0.075 needed for this call. It resets at 2026-03-02T00:00:00.000Z.',
    );
    expect(renderOpenAiError(error)).toMatchObject({
      status: 402,
      headers: { 'retry-after': '86400', 'x-should-retry': 'false' },
    });
  });

  test('that does not', () => {
    const error = budgetError({ ...spent, resetsAtMs: null }, NOW);
    expect(error.message).toMatch(/ It does not reset\.$/);
    const { headers } = renderOpenAiError(error);
    expect(headers['x-should-retry']).toBe('false');
    expect(headers['retry-after']).toBeUndefined();
  });
});
