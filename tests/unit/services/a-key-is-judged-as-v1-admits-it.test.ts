import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Ledger } from '../../../src/accounting/ledger/ledger.ts';
import type { Ticket } from '../../../src/accounting/ticket.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { KeyChecks } from '../../../src/services/key-check.ts';
import type { KeyRefusal } from '../../../src/services/key-check.ts';
import { aBudget } from '../accounting/budgets/fixture.ts';
import { Admission, endOf } from '../proxy/admission.ts';
import type { Ask } from '../proxy/admission.ts';
import { aKey } from '../proxy/fixture.ts';
import { VIEWER } from './key-office.ts';

interface Step {
  tokens: number;
  /** Since the step before. */
  pauseMs: number;
  /** Which of the calls under way ends before it, and what it used; null ends none. */
  end: { which: number; used: number } | null;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    tokens: fc.integer({ min: 2, max: 60 }),
    pauseMs: fc.oneof(fc.nat({ max: 5000 }), fc.nat({ max: 70_000 })),
    end: fc.option(fc.record({ which: fc.nat(), used: fc.nat({ max: 80 }) })),
  }),
  { minLength: 1, maxLength: 40 },
);

const KEY = aKey({
  id: 'k',
  teamId: 't',
  userId: 'u',
  limits: [
    { scope: 'key', id: 'k', rpm: 6, tpm: 200, concurrency: 4 },
    { scope: 'team', id: 't', rpm: null, tpm: 260, concurrency: null },
  ],
});

/** What `/v1` says, of the same call. */
const CODES: Partial<Record<KeyRefusal, string>> = {
  budget_exceeded: 'insufficient_quota',
  rate_limit_exceeded: 'rate_limit_exceeded',
};

function open(capNano: bigint) {
  const ledger: Pick<Ledger, 'hold' | 'settle'> = {
    hold: () => Promise.resolve(),
    settle: () => undefined,
  };
  const world = new Admission(ledger);
  const { clock, limits, budgets } = world;
  for (const [scope, subjectId] of [
    ['team', 't'],
    ['pool', 'pool-1'],
  ] as const) {
    budgets.put(aBudget({ scope, subjectId, capNano, period: 'hourly' }), clock.now());
  }
  const keys = { find: () => KEY, byId: () => KEY, all: () => [KEY], isActive: () => true };
  const checks = new KeyChecks({ clock, limits, budgets, keys, unpricedEndpoints: new Set() });
  return { world, checks };
}

function admit(world: Admission<Pick<Ledger, 'hold' | 'settle'>>, ask: Ask): Ticket | string {
  try {
    return world.admit(ask);
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

test('in any order of calls, a key that may be used is admitted, and one that may not is refused', () => {
  fc.assert(
    fc.property(steps, fc.bigInt({ min: 50n, max: 1500n }), (all, capNano) => {
      const { world, checks } = open(capNano);
      const underWay: { ask: Ask; ticket: Ticket }[] = [];
      for (const [at, { tokens, pauseMs, end }] of all.entries()) {
        world.clock.advance(pauseMs);
        const [ended] = end === null ? [] : underWay.splice(end.which % (underWay.length || 1), 1);
        ended?.ticket.settle(endOf(ended.ask, end?.used ?? null));
        ended?.ticket[Symbol.dispose]();
        const asked = {
          key: { id: 'k' },
          estimate_tokens: tokens,
          estimate_nano_usd: BigInt(tokens),
        };
        const { refusal } = checks.check(VIEWER, asked);
        // Asked twice: the first time has changed nothing.
        expect(checks.check(VIEWER, asked).refusal).toBe(refusal);
        const ask: Ask = { id: `call-${at}`, key: KEY, tokens, isCallers: false, slowMs: 0 };
        const admitted = admit(world, ask);
        if (typeof admitted !== 'string') {
          expect(refusal).toBeNull();
          underWay.push({ ask, ticket: admitted });
        } else if (refusal === 'budget_exceeded') {
          // Where both have no room, `/v1` tells of the limit.
          expect(['insufficient_quota', 'rate_limit_exceeded']).toContain(admitted);
        } else {
          expect(CODES[refusal!]).toBe(admitted);
        }
      }
    }),
    { numRuns: 300 },
  );
});
