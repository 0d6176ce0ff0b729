import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { catalogue } from '../../../src/errors/catalogue.ts';
import { isCredentialFault } from '../../../src/pool/effect.ts';
import type { Effect } from '../../../src/pool/effect.ts';
import type { Failure } from '../../../src/proxy/exchange.ts';
import { judge } from '../../../src/proxy/verdict.ts';
import type { Answer, Circumstances, Verdict } from '../../../src/proxy/verdict.ts';

type Answered = Extract<Answer, { phase: 'answered' }>;

const ORDINARY: Circumstances = {
  isRepeatable: false,
  hasBody: true,
  hasModel: true,
  before: [],
};

const answered = (status: number, facts: Partial<Answered> = {}): Answer => ({
  phase: 'answered',
  status,
  errorCode: null,
  retryAfterMs: null,
  ...facts,
});
const failed = (failure: Failure, isSent: boolean, isStale = false): Answer => ({
  phase: 'failed',
  failure,
  isSent,
  isStale,
});

const origin = (isWhole = false): Effect => ({ kind: 'origin', isWhole, ms: null });
const cooling: Effect = { kind: 'cooling', ms: null };
const effect = (kind: 'none' | 'served' | 'forbidden' | 'unauthorized' | 'exhausted'): Effect => ({
  kind,
});

type Row = [Answer, name: string, next: Verdict['next'], Effect, code: string | null];

const ANSWERED: Row[] = [
  [answered(200), 'served', 'deliver', effect('served'), null],
  [answered(201), 'served', 'deliver', effect('served'), null],
  [answered(206), 'served', 'deliver', effect('served'), null],
  [answered(299), 'served', 'deliver', effect('served'), null],
  [answered(200, { isUnreadable: false }), 'served', 'deliver', effect('served'), null],
  [answered(200, { isUnreadable: true }), 'unreadable', 'next', origin(), 'upstream_error'],
  [answered(200, { errorCode: 'insufficient_quota' }), 'served', 'deliver', effect('served'), null],
  [answered(204), 'empty', 'stop', effect('none'), 'empty_response'],
  [answered(205), 'empty', 'stop', effect('none'), 'empty_response'],
  [answered(304), 'empty', 'stop', effect('none'), 'empty_response'],
  [answered(300), 'redirect', 'stop', origin(), 'upstream_error'],
  [answered(301), 'redirect', 'stop', origin(), 'upstream_error'],
  [answered(307), 'redirect', 'stop', origin(), 'upstream_error'],
  [answered(308), 'redirect', 'stop', origin(), 'upstream_error'],
  [answered(400), 'client_error', 'refuse', effect('none'), null],
  [answered(401), 'unauthorized', 'next', effect('unauthorized'), 'no_credentials'],
  [answered(402), 'payment_required', 'next', effect('exhausted'), 'no_credentials'],
  [answered(403), 'forbidden', 'next', effect('forbidden'), 'no_credentials'],
  [answered(403, { isPage: false }), 'forbidden', 'next', effect('forbidden'), 'no_credentials'],
  [answered(403, { isPage: true }), 'blocked', 'next', origin(), 'upstream_error'],
  [
    answered(401, { isPage: true }),
    'unauthorized',
    'next',
    effect('unauthorized'),
    'no_credentials',
  ],
  [answered(404), 'client_error', 'refuse', effect('none'), null],
  [answered(404, { errorCode: 'not_found' }), 'client_error', 'refuse', effect('none'), null],
  [
    answered(404, { errorCode: 'model_not_found' }),
    'model_missing',
    'next',
    effect('forbidden'),
    'model_not_found',
  ],
  [answered(400, { errorCode: 'model_not_found' }), 'client_error', 'refuse', effect('none'), null],
  [answered(408), 'try_elsewhere', 'next', effect('none'), 'upstream_error'],
  [answered(409), 'try_elsewhere', 'next', effect('none'), 'upstream_error'],
  [answered(425), 'try_elsewhere', 'next', effect('none'), 'upstream_error'],
  [answered(413), 'client_error', 'refuse', effect('none'), null],
  [answered(415), 'client_error', 'refuse', effect('none'), null],
  [answered(422), 'client_error', 'refuse', effect('none'), null],
  [answered(429), 'rate_limited', 'next', cooling, 'upstream_rate_limited'],
  [answered(499), 'client_error', 'refuse', effect('none'), null],
  [answered(500), 'server_error', 'next', origin(), 'upstream_error'],
  [answered(500, { isPage: true }), 'server_error', 'next', origin(), 'upstream_error'],
  [answered(502), 'server_error', 'next', origin(), 'upstream_error'],
  [answered(503), 'server_error', 'next', origin(), 'upstream_error'],
  [answered(504), 'server_error', 'next', origin(), 'upstream_error'],
  [answered(529), 'server_error', 'next', origin(), 'upstream_error'],
  [answered(599), 'server_error', 'next', origin(), 'upstream_error'],
  [answered(0), 'odd_status', 'next', origin(), 'upstream_error'],
  [answered(101), 'odd_status', 'next', origin(), 'upstream_error'],
  [answered(600), 'odd_status', 'next', origin(), 'upstream_error'],
  [answered(999), 'odd_status', 'next', origin(), 'upstream_error'],
];

const FAILED: Row[] = [
  [failed('client_gone', true), 'client_gone', 'stop', effect('none'), 'client_closed_request'],
  [failed('client_gone', false), 'client_gone', 'stop', effect('none'), 'client_closed_request'],
  [failed('client_stalled', true), 'client_gone', 'stop', effect('none'), 'client_closed_request'],
  [failed('deadline', true), 'deadline', 'stop', effect('none'), 'upstream_timeout'],
  [failed('deadline', false), 'deadline', 'stop', effect('none'), 'upstream_timeout'],
  [failed('draining', true), 'draining', 'stop', effect('none'), 'draining'],
  [failed('draining', false), 'draining', 'stop', effect('none'), 'draining'],
  [failed('key_revoked', true), 'key_revoked', 'stop', effect('none'), 'invalid_api_key'],
  [failed('key_revoked', false), 'key_revoked', 'stop', effect('none'), 'invalid_api_key'],
  [failed('withdrawn', false), 'withdrawn', 'next', effect('none'), 'no_credentials'],
  [
    failed('token_refused', false),
    'token_refused',
    'next',
    effect('unauthorized'),
    'no_credentials',
  ],
  [failed('connect', false), 'connect_failed', 'next', origin(true), 'upstream_error'],
  [failed('first_byte_timeout', false), 'never_sent', 'next', origin(true), 'upstream_timeout'],
  [failed('lost', false), 'never_sent', 'next', origin(true), 'upstream_timeout'],
  [failed('lost', true, true), 'stale_connection', 'again', effect('none'), 'upstream_error'],
  [failed('lost', true), 'lost', 'stop', origin(), 'upstream_error'],
  [failed('first_byte_timeout', true), 'first_byte_timeout', 'stop', origin(), 'upstream_timeout'],
  [
    failed('first_byte_timeout', true, true),
    'first_byte_timeout',
    'stop',
    origin(),
    'upstream_timeout',
  ],
  [failed('idle_timeout', true), 'first_byte_timeout', 'stop', origin(), 'upstream_timeout'],
];

test.each([...ANSWERED, ...FAILED])('%j is %s: %s', (answer, name, next, expected, code) => {
  const verdict = judge(answer, ORDINARY);
  expect(verdict).toMatchObject({ name, next, effect: expected });
  expect(verdict.error?.code ?? null).toBe(code);
});

describe('an empty account', () => {
  test.each([400, 401, 403, 404, 429, 500, 503])(
    'is told by its code under status %i',
    (status) => {
      for (const errorCode of ['insufficient_quota', 'billing_hard_limit_reached']) {
        expect(judge(answered(status, { errorCode }), ORDINARY)).toMatchObject({
          name: 'out_of_quota',
          next: 'next',
          effect: { kind: 'exhausted' },
          error: { code: 'no_credentials' },
        });
      }
    },
  );
});

test.each([[7000], [0], [null]])('a wait of %s ms is handed on where it means something', (ms) => {
  const told = { retryAfterMs: ms };
  expect(judge(answered(429, told), ORDINARY).effect).toEqual({ kind: 'cooling', ms });
  expect(judge(answered(503, told), ORDINARY).effect).toEqual({
    kind: 'origin',
    isWhole: false,
    ms,
  });
  expect(judge(answered(400, told), ORDINARY).effect).toEqual({ kind: 'none' });
});

describe('a second time for the same call', () => {
  test.each<[Answer, before: string, name: string, Verdict['next']]>([
    [failed('lost', true, true), 'stale_connection', 'lost', 'stop'],
    [{ ...answered(401), hasToken: true } as Answer, 'token_stale', 'unauthorized', 'next'],
    [answered(408), 'try_elsewhere', 'client_error', 'refuse'],
    [answered(409), 'try_elsewhere', 'client_error', 'refuse'],
    [answered(429), 'rate_limited', 'rate_limited', 'next'],
    [answered(401), 'unauthorized', 'unauthorized', 'next'],
    [answered(500), 'server_error', 'server_error', 'next'],
    [failed('connect', false), 'connect_failed', 'connect_failed', 'next'],
  ])('%j behind %s: %s', (answer, before, name, next) => {
    const again = judge(answer, { ...ORDINARY, before: ['something', before] });
    expect(again).toMatchObject({ name, next });
    // Only the same row counts.
    const first = judge(answer, { ...ORDINARY, before: ['something'] });
    expect(first.name).toBe(before);
    expect(first.next).not.toBe('stop');
  });
});

describe('without a body at hand', () => {
  const bodiless = { ...ORDINARY, hasBody: false };

  test('a stale connection is given up, unless the call may run twice', () => {
    const stale = failed('lost', true, true);
    expect(judge(stale, bodiless).next).toBe('stop');
    expect(judge(stale, { ...bodiless, isRepeatable: true }).next).toBe('next');
  });

  test('nothing else is judged otherwise', () => {
    for (const [answer] of [...ANSWERED, ...FAILED]) {
      const verdict = judge(answer, ORDINARY);
      if (verdict.next !== 'again') expect(judge(answer, bodiless)).toEqual(verdict);
    }
  });
});

describe('without a model', () => {
  const modelless = { ...ORDINARY, hasModel: false };

  test('one that is not found is the client’s mistake, and sets no credential aside', () => {
    const verdict = judge(answered(404, { errorCode: 'model_not_found' }), modelless);
    expect(verdict).toMatchObject({
      name: 'client_error',
      next: 'refuse',
      effect: { kind: 'none' },
    });
  });

  test('nothing else is judged otherwise', () => {
    for (const [answer] of [...ANSWERED, ...FAILED]) {
      const verdict = judge(answer, ORDINARY);
      if (verdict.name !== 'model_missing') expect(judge(answer, modelless)).toEqual(verdict);
    }
  });
});

describe('a call that may run twice', () => {
  const repeatable = { ...ORDINARY, isRepeatable: true };

  test.each<[Answer, before: string[], Verdict['next']]>([
    [failed('lost', true), [], 'next'],
    [failed('first_byte_timeout', true), [], 'next'],
    [failed('idle_timeout', true), [], 'next'],
    [failed('lost', true, true), [], 'again'],
    [failed('lost', true, true), ['stale_connection'], 'next'],
    [failed('client_gone', true), [], 'stop'],
    [failed('deadline', true), [], 'stop'],
    [failed('draining', true), [], 'stop'],
    [failed('key_revoked', true), [], 'stop'],
    [answered(204), [], 'stop'],
    [answered(301), [], 'stop'],
    [answered(408), ['try_elsewhere'], 'refuse'],
    [answered(400), [], 'refuse'],
    [answered(200), [], 'deliver'],
  ])('%j behind %j: %s', (answer, before, next) => {
    expect(judge(answer, { ...repeatable, before }).next).toBe(next);
  });
});

const FAILURES: Failure[] = [
  'connect',
  'lost',
  'first_byte_timeout',
  'token_refused',
  'withdrawn',
  'idle_timeout',
  'deadline',
  'client_gone',
  'draining',
  'client_stalled',
  'key_revoked',
];
const QUOTA = ['insufficient_quota', 'billing_hard_limit_reached'];

const anyAnswered = fc.record({
  phase: fc.constant('answered' as const),
  status: fc.integer({ min: 0, max: 1000 }),
  errorCode: fc.oneof(fc.constant(null), fc.constantFrom(...QUOTA, 'model_not_found'), fc.string()),
  retryAfterMs: fc.option(fc.nat()),
  isPage: fc.boolean(),
  isUnreadable: fc.boolean(),
});
const anyFailed = fc.record({
  phase: fc.constant('failed' as const),
  failure: fc.constantFrom(...FAILURES),
  isSent: fc.boolean(),
  isStale: fc.boolean(),
});
const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(anyAnswered, anyFailed);
const anyCircumstances = fc.record({
  isRepeatable: fc.boolean(),
  hasBody: fc.boolean(),
  hasModel: fc.boolean(),
  before: fc.array(fc.constantFrom('stale_connection', 'try_elsewhere', 'server_error', 'lost')),
});

/** Holds for every answer whatever the circumstances. */
const always = (holds: (answer: Answer, verdict: Verdict, how: Circumstances) => void) =>
  fc.assert(
    fc.property(anyAnswer, anyCircumstances, (answer, how) => {
      holds(answer, judge(answer, how), how);
    }),
    { numRuns: 3000 },
  );

describe('whatever comes', () => {
  test('has a verdict, and the client something to be told', () => {
    always((_answer, { name, next, error }) => {
      expect(name).not.toBe('');
      if (error === null) expect(['deliver', 'refuse']).toContain(next);
      else expect(catalogue[error.code].http).toBeGreaterThanOrEqual(400);
    });
  });

  test('is delivered if it is a success with something in it, and else never', () => {
    always((answer, { next }) => {
      const isGood =
        answer.phase === 'answered' &&
        answer.status >= 200 &&
        answer.status < 300 &&
        answer.status !== 204 &&
        answer.status !== 205 &&
        answer.isUnreadable !== true;
      expect(next === 'deliver').toBe(isGood);
    });
  });

  test('and is the client’s fault leaves every credential and origin alone', () => {
    const others = new Set([401, 402, 403, 429]);
    always((answer, { effect: { kind } }) => {
      if (answer.phase === 'failed' || answer.status < 400 || answer.status >= 500) return;
      if (others.has(answer.status) || QUOTA.includes(answer.errorCode ?? '')) return;
      if (answer.status === 404 && answer.errorCode === 'model_not_found') return;
      expect(kind).toBe('none');
    });
  });

  test('and is the server’s fault blames no credential that is not out of money', () => {
    always((answer, { effect: blamed }) => {
      if (answer.phase === 'failed' || answer.status < 500) return;
      if (QUOTA.includes(answer.errorCode ?? '')) return;
      expect(isCredentialFault(blamed)).toBe(false);
    });
  });

  test('and goes back to the client blames nobody', () => {
    always((_answer, { next, effect: { kind } }) => {
      if (next === 'refuse') expect(kind).toBe('none');
    });
  });

  test('and may have run is not sent again unless that is safe or it was never seen', () => {
    always((answer, { next }, { isRepeatable }) => {
      if (answer.phase === 'answered' || !answer.isSent || isRepeatable) return;
      if (answer.failure === 'connect' || answer.failure === 'withdrawn') return;
      if (answer.failure === 'token_refused') return;
      if (next !== 'stop') expect([answer.isStale, next]).toEqual([true, 'again']);
    });
  });

  test('is tried once more on the same credential at most once, and with a body to send', () => {
    always((_answer, { name, next }, { before, hasBody }) => {
      if (next !== 'again') return;
      expect(before).not.toContain(name);
      expect(hasBody).toBe(true);
    });
  });

  test('and was ended by the client or by us blames nobody and is over', () => {
    always((answer, { next, effect: { kind } }) => {
      if (answer.phase === 'answered') return;
      if (
        ['client_gone', 'client_stalled', 'deadline', 'draining', 'key_revoked'].includes(
          answer.failure,
        )
      ) {
        expect([next, kind]).toEqual(['stop', 'none']);
      }
    });
  });
});
