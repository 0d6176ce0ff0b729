import { expect, test } from '@jest/globals';
import { explanationLines } from '../../../src/cli/explanation-lines.ts';
import { Adjustment } from '../../../src/entities/adjustment.ts';
import type { CallRecord } from '../../../src/entities/call-record.ts';
import { UsageRecord } from '../../../src/entities/usage-record.ts';
import type { Explanation } from '../../../src/services/explain.ts';
import { aHold, aRecord } from '../../support/ledger-books.ts';

const NOON_MS = Date.UTC(2026, 2, 1, 12, 0, 0);
const ID = '019cabcd-0000-7000-8000-000000000000';

function told(fields: Partial<CallRecord>, names: Partial<Explanation> = {}): string[] {
  const { usage, ...facts } = aRecord(aHold({ id: ID, createdAtMs: NOON_MS }), fields);
  const record = Object.assign(new UsageRecord(), { ...facts, ...usage });
  return explanationLines({
    record,
    key: 'phone',
    pool: 'main',
    credential: 'main/b',
    route: null,
    attempts: [],
    remote: null,
    adjustments: [],
    ...names,
  });
}

test('a call that found its way round two credentials', () => {
  const lines = told(
    { model: 'gpt-4o-thinking', isStream: true, durationMs: 812, firstByteMs: 310 },
    {
      route: {
        strategy: 'balance_weighted',
        order: ['main/a', 'main/b'],
        excluded: [
          { credential: 'main/c', reason: 'cooling', untilMs: NOON_MS + 30_000 },
          { credential: 'main/d', reason: 'no_model' },
        ],
        draws: [0.25, 0.5],
        isPanic: true,
      },
      attempts: [
        { credential: 'main/a', status: 0, verdict: 'connect_failed', ms: 5 },
        { credential: 'main/b', status: 200, verdict: 'served', ms: 300, model: 'gpt-4o' },
      ],
    },
  );
  expect(lines.join('\n')).toBe(`\
Request ${ID}
  Time          2026-03-01 12:00:00
  Key           phone
  Asked         gpt-4o-thinking at chat.completions, as a stream

Route
  Pool          main
  Strategy      balance_weighted
  Order         main/a, main/b
  Left out      main/c: cooling until 2026-03-01 12:00:30 (rate limited by its provider)
                main/d: no_model (does not serve this model)
  Draws         0.2500, 0.5000
  Panic         too few origins were well, so ejected ones were asked too

Attempts
  #  Credential  Model     Status     Verdict          ms
  ─  ──────────  ────────  ─────────  ──────────────  ───
  1  main/a      as asked  no answer  connect_failed    5
  2  main/b      gpt-4o    200        served          300

Result
  Outcome       settled: complete
  Client saw    200 (ok) after 812 ms, first byte after 310 ms
  Served by     main/b
  Usage         10 input, 5 output (reported)
  Cost          $0.0000045`);
});

test('a call that nobody was asked for', () => {
  const nothing = {
    status: 503,
    outcome: 'voided' as const,
    reason: 'no_credentials',
    firstByteMs: null,
    costNano: 0n,
    isPriced: false,
    model: '',
    usage: Object.assign({}, aRecord(aHold()).usage, { input: 0, output: 0 }),
  };
  const route = { strategy: 'random', order: [], excluded: [] };
  const text = told(nothing, { credential: '', route }).join('\n');
  expect(text).toContain('Asked         (no model) at chat.completions\n');
  expect(text).toContain('Order         (nobody was left)\n');
  expect(text).toContain('Attempts\n  Nobody was asked.\n');
  expect(text).toContain('Outcome       voided: nothing was produced, nothing is charged\n');
  expect(text).toContain('Client saw    503 (no_credentials) after 12 ms\n');
  expect(text).toContain('Served by     (nobody)\n');
  expect(text).toContain('Usage         none\n');
  expect(text).toMatch(/Cost {10}\$0\.00 at least: unpriced$/);
  expect(told(nothing).join('\n')).toContain('Route\n  The call was never routed.\n');
});

const entry = (fields: Partial<Adjustment>) =>
  Object.assign(new Adjustment(), {
    id: 'a1',
    requestId: ID,
    atMs: NOON_MS + 3_600_000,
    deltaNano: 500n,
    reason: 'reprice',
    actor: 'cli',
    priceId: 'pr_1',
    note: null,
    ...fields,
  });

test('a cost that was corrected is told with who did it and why', () => {
  const adjustments = [
    entry({}),
    entry({ deltaNano: -5000n, reason: 'operator', actor: 'admin', note: 'never\nhappened' }),
  ];
  expect(told({}, { adjustments }).slice(-4)).toEqual([
    '  Cost          $0.0000045',
    '  Adjusted      +$0.0000005 on 2026-03-01 13:00:00 by cli (priced anew)',
    '                -$0.000005 on 2026-03-01 13:00:00 by admin (an operator said so: never\u{fffd}happened)',
    '  Cost now      $0.00',
  ]);
});

test('a caller’s own credential is called so, and no strategy had a say', () => {
  const attempts = [{ credential: 'caller', status: 401, verdict: 'refused', ms: 3 }];
  const route = { strategy: 'caller', order: ['caller'], excluded: [] };
  const text = told({}, { attempts, route, credential: 'caller' }).join('\n');
  expect(text).toContain("Order         the caller's own credential\n");
  expect(text).toContain("1  the caller's own credential  as asked     401  refused");
  expect(text).toContain("Served by     the caller's own credential\n");
  expect(text).not.toContain('Strategy');
});

test('a model’s name neither steers the terminal nor forges a line', () => {
  const lines = told({ model: 'a\u{1b}[2J\nCost  $0' });
  expect(lines.join('\n')).toContain('Asked         a\u{fffd}[2J\u{fffd}Cost  $0 at');
});

test('a call that another service made is told as such, with nothing of a way that it never had', () => {
  const remote = {
    kind: 'reservation',
    actor: 'token:biller',
    idempotencyId: 'order 7',
    provider: 'openai',
  } as const;
  const ended = { outcome: 'unknown', reason: 'expired', holdNano: 5000n, status: 0 } as const;
  expect(told(ended, { remote, credential: '' }).join('\n')).toBe(`\
Request ${ID}
  Time          2026-03-01 12:00:00
  Key           phone
  Asked         gpt-4o-mini at chat.completions

Origin
  Call          reserved by another service before it was made
  Told by       token:biller
  Its own id    order 7
  Provider      openai

Result
  Outcome       unknown: its service did not say in time what became of it; charged at the hold
  Held          $0.000005
  Usage         10 input, 5 output (reported)
  Cost          $0.0000045`);
  const usage = { ...remote, kind: 'usage', provider: '' } as const;
  const text = told({ holdNano: 0n }, { remote: usage }).join('\n');
  expect(text).toContain('Call          recorded by another service when it was over\n');
  expect(text).toContain('Provider      (not said)\n');
  expect(text).not.toContain('Held');
});
