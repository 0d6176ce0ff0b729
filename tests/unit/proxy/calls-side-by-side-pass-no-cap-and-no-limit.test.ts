import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { BudgetState } from '../../../src/accounting/budgets/terms.ts';
import { WINDOW_MS } from '../../../src/accounting/limits.ts';
import type { LimitSubject } from '../../../src/accounting/limits.ts';
import type { Ticket } from '../../../src/accounting/ticket.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { HOUR_MS, aBudget } from '../accounting/budgets/fixture.ts';
import { Admission, ScheduledLedger, endOf } from './admission.ts';
import type { Ask } from './admission.ts';
import { settled } from './fixture.ts';

/** The life of one call: it arrives, holds more while it streams, ends, and is told so twice. */
interface Plan {
  key: 'k1' | 'k2';
  tokens: number;
  more: bigint;
  /** Percent of what it holds that it costs, or nothing. */
  percent: number | null;
  pauseMs: number;
  isRefusedByStore: boolean;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  key: fc.constantFrom('k1', 'k2'),
  tokens: fc.integer({ min: 2, max: 40 }),
  more: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 30n })),
  percent: fc.option(fc.integer({ min: 0, max: 100 })),
  pauseMs: fc.oneof(
    { arbitrary: fc.nat({ max: 200 }), weight: 4 },
    { arbitrary: fc.nat({ max: 30_000 }), weight: 3 },
    { arbitrary: fc.nat({ max: HOUR_MS }), weight: 1 },
  ),
  isRefusedByStore: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.boolean()),
});

/** What both keys, and their team, are held to. */
const RATES = {
  key: { rpm: 3, tpm: 150, concurrency: 3 },
  team: { rpm: 5, tpm: 200, concurrency: 4 },
};

const limitsOf = (scope: LimitSubject['scope'], id: string): LimitSubject => ({
  scope,
  id,
  ...RATES[scope],
});

const SUBJECTS = { key: 'k1', team: 't', user: 'u', pool: 'pool-1' } as const;
const PERIODS = { key: 'none', team: 'hourly', user: 'daily', pool: 'none' } as const;

interface Admitted {
  atMs: number;
  subjects: string[];
  tokens: number;
}

type Turn = () => Promise<void>;

class Gateway {
  readonly #real: Admission;
  readonly #budgets = new Map<string, BudgetState>();
  /** As each budget was when it was last looked at. */
  readonly #seen = new Map<string, { startMs: number; enforcedNano: bigint }>();
  readonly #admitted: Admitted[] = [];
  /** Tickets of calls under way, by subject. */
  readonly #underWay = new Map<string, Set<Ticket>>();

  constructor(scheduler: fc.Scheduler, capsNano: readonly bigint[]) {
    this.#real = new Admission(new ScheduledLedger(scheduler));
    for (const [at, scope] of (['key', 'team', 'user', 'pool'] as const).entries()) {
      const terms = { scope, subjectId: SUBJECTS[scope], period: PERIODS[scope] };
      this.#put(aBudget({ ...terms, capNano: capsNano[at] ?? 0n }));
    }
  }

  /** An operator changes one cap after the other. */
  async recap(changes: readonly (readonly [number, bigint])[], turn: Turn): Promise<void> {
    for (const [at, capNano] of changes) {
      await turn();
      const all = [...this.#budgets.values()];
      const budget = all[at % all.length];
      if (budget !== undefined) this.#put({ ...budget, capNano });
      this.look();
    }
  }

  async call(plan: Plan, id: string, turn: Turn): Promise<void> {
    const { clock, ledger } = this.#real;
    await turn();
    clock.advance(plan.pauseMs);
    const limits = [limitsOf('key', plan.key), limitsOf('team', 't')];
    const key = { id: plan.key, teamId: 't', userId: 'u', limits };
    const ask: Ask = { id, key, tokens: plan.tokens, isCallers: false, slowMs: 0 };
    ledger.isNextRefused = plan.isRefusedByStore;
    const ticket = this.#admit(ask);
    ledger.isNextRefused = false;
    if (ticket === null) return;
    this.look();
    await turn();
    const held = BigInt(plan.tokens) + plan.more;
    const isMore = ticket.holdsAtLeast(held, 0n);
    this.look();
    await turn();
    const most = plan.tokens + (isMore ? Number(plan.more) : 0);
    const used = plan.percent === null ? null : Math.floor((most * plan.percent) / 100);
    ticket.settle(endOf(ask, used));
    this.look();
    await turn();
    ticket.settle(endOf(ask, 1000));
    for (let times = 0; times < 2; times += 1) ticket[Symbol.dispose]();
    for (const calls of this.#underWay.values()) calls.delete(ticket);
    this.look();
  }

  /** No budget has grown past its cap: one above it was there when the cap was lowered. */
  look(): void {
    for (const { id, capNano } of this.#budgets.values()) {
      const { clock, budgets } = this.#real;
      const explained = budgets.explain(id, clock.now());
      const { sumNano = -1n, enforcedNano = -2n, periodStartMs: startMs = 0 } = explained ?? {};
      expect(enforcedNano).toBe(sumNano);
      const before = this.#seen.get(id);
      const mostNano = before?.startMs === startMs ? before.enforcedNano : 0n;
      expect(sumNano <= capNano || sumNano <= mostNano).toBe(true);
      this.#seen.set(id, { startMs, enforcedNano });
    }
    for (const [name, { size }] of this.#underWay)
      expect(size).toBeLessThanOrEqual(rateOf(name).concurrency);
  }

  expectAllOver(): void {
    const { clock, budgets, ledger } = this.#real;
    this.look();
    for (const { id } of this.#budgets.values()) {
      const { holds, enforcedNano, settledNano } = budgets.explain(id, clock.now()) ?? {};
      expect(holds).toEqual([]);
      expect(enforcedNano).toBe(settledNano);
    }
    const written = [...ledger.commits.values()].filter(({ state }) => state === 'written');
    const ids = written.map(({ draft }) => draft.id).toSorted();
    expect(ledger.records.map(({ id }) => id).toSorted()).toEqual(ids);
    for (const [scope, id] of [
      ['key', 'k1'],
      ['key', 'k2'],
      ['team', 't'],
    ] as const) {
      expect(this.#real.isBusy({ scope, id })).toBe(false);
    }
    this.#expectNoWindowOverfull();
  }

  #put(state: BudgetState): void {
    this.#budgets.set(state.id, state);
    this.#real.budgets.put(state, this.#real.clock.now());
  }

  /** Null, and nothing is other than before, when it may not go on. */
  #admit(ask: Ask): Ticket | null {
    const { clock, ledger } = this.#real;
    const before = this.#figures();
    try {
      const ticket = this.#real.admit(ask);
      const subjects = ask.key.limits.map(({ scope, id }) => `${scope} ${id}`);
      this.#admitted.push({ atMs: clock.monotonic(), subjects, tokens: ask.tokens });
      for (const name of subjects) {
        this.#underWay.set(name, (this.#underWay.get(name) ?? new Set()).add(ticket));
      }
      return ticket;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      expect(['rate_limit_exceeded', 'insufficient_quota']).toContain(error.code);
      expect(this.#figures()).toEqual(before);
      expect(ledger.commits.has(ask.id)).toBe(false);
      return null;
    }
  }

  #figures() {
    const { budgets, clock } = this.#real;
    return [...this.#budgets.keys()].map((id) => budgets.explain(id, clock.now()));
  }

  /** Every window of a minute that there is; the fullest ones begin with a call. */
  #expectNoWindowOverfull(): void {
    for (const { atMs: startMs } of this.#admitted) {
      const inside = this.#admitted.filter(
        ({ atMs }) => atMs >= startMs && atMs < startMs + WINDOW_MS,
      );
      for (const name of ['key k1', 'key k2', 'team t']) {
        const own = inside.filter(({ subjects }) => subjects.includes(name));
        expect(own.length).toBeLessThanOrEqual(rateOf(name).rpm);
      }
    }
  }
}

const rateOf = (name: string) => RATES[name.startsWith('key') ? 'key' : 'team'];

test('calls that run side by side, while caps change and commits fail, pass no cap and no limit', async () => {
  const caps = fc.array(fc.bigInt({ min: 20n, max: 160n }), { minLength: 4, maxLength: 4 });
  const changes = fc.array(fc.tuple(fc.nat(), fc.bigInt({ min: 0n, max: 200n })), { maxLength: 6 });
  const calls = fc.array(plans, { minLength: 2, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      calls,
      caps,
      changes,
      async (scheduler, all, capsNano, recaps) => {
        const gateway = new Gateway(scheduler, capsNano);
        const turnOf = (name: string) => () => scheduler.schedule(Promise.resolve(), name);
        const running = all.map((plan, number) => {
          const name = `call-${number}`;
          return gateway.call(plan, name, turnOf(name));
        });
        running.push(gateway.recap(recaps, turnOf('operator')));
        await scheduler.waitFor(Promise.all(running));
        await scheduler.waitIdle();
        await settled();
        gateway.expectAllOver();
      },
    ),
    { numRuns: 250 },
  );
});
