import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { BudgetBook } from '../../../../src/accounting/budgets/budget-book.ts';
import type { BudgetHold } from '../../../../src/accounting/budgets/budget-hold.ts';
import type { BudgetRefusal } from '../../../../src/accounting/budgets/tally.ts';
import type { BudgetState } from '../../../../src/accounting/budgets/terms.ts';
import type { BudgetScope } from '../../../../src/entities/budget-scope.ts';
import { DAY_MS, HOUR_MS, NOON_MS, aBudget } from './fixture.ts';
import { RowBudgets } from './row-budgets.ts';
import type { Call } from './row-budgets.ts';

interface Real {
  book: BudgetBook;
  alerts: [string, number, bigint, number][];
  holds: BudgetHold[];
}

interface Model {
  rows: RowBudgets;
  calls: Call[];
  nowMs: number;
}

type Command = fc.Command<Model, Real>;

/** A command is a deed done to both, which compares what they say of it. */
const command = (name: string, run: (model: Model, real: Real) => void): Command => ({
  check: () => true,
  run,
  toString: () => name,
});

const IDS = ['b1', 'b2', 'b3', 'b4'];
const amount = fc.oneof(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 300n }));

const states: fc.Arbitrary<BudgetState> = fc
  .record({
    id: fc.constantFrom(...IDS),
    scope: fc.constantFrom('key', 'team', 'user', 'pool'),
    subjectId: fc.constantFrom('s', 's', 't'),
    capNano: amount,
    period: fc.constantFrom('none', 'hourly', 'daily', 'weekly', 'monthly'),
    zone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'Europe/Berlin'),
    isHard: fc.oneof(fc.constant(true), fc.boolean()),
    isEnabled: fc.oneof(fc.constant(true), fc.boolean()),
    alertPercents: fc.array(fc.constantFrom(1, 50, 80, 100, 150), { maxLength: 3 }),
    settledNano: fc.oneof(fc.constant(0n), amount),
  })
  .map((fields) => aBudget(fields as Partial<BudgetState>));

const subjects = fc.record({
  key: fc.constantFrom('s', 't'),
  team: fc.constantFrom('s', 't', null),
  user: fc.constantFrom('s', 't', null),
  pool: fc.constantFrom('s', 't'),
});

const facts = ({ scope: _scope, subjectId: _subjectId, ...rest }: BudgetRefusal) => rest;

/** Both refuse, by a budget that resets last, or neither does. */
function expectSame(refusal: BudgetRefusal | null, allowed: object[]): void {
  expect(refusal === null).toBe(allowed.length === 0);
  if (refusal !== null) expect(allowed).toContainEqual(facts(refusal));
}

/** No such deed may take a page past its cap that was within it. */
function expectCapsKept({ rows, nowMs }: Model, before: Set<unknown>): void {
  for (const page of rows.pagesPastCap(nowMs)) expect(before.has(page)).toBe(true);
}

function compare(id: string, { rows, nowMs }: Model, { book }: Real): void {
  const explained = book.explain(id, nowMs);
  expect(explained === undefined).toBe(!rows.owners.has(id));
  if (explained === undefined) return;
  const { periodStartMs, settledNano, holds, sumNano, enforcedNano, capNano } = explained;
  const listed = holds.map((hold) => `${hold.id} ${hold.amountNano} ${hold.sinceMs}`).toSorted();
  expect(sumNano).toBe(enforcedNano);
  expect({ periodStartMs, settledNano, holds: listed, enforcedNano, capNano }).toEqual(
    rows.explain(id, nowMs),
  );
}

/** Which of two budgets tells first is nobody's business. */
const byBudget = (alerts: Real['alerts']) =>
  alerts.toSorted(([left], [right]) => left.localeCompare(right));

const compareAll = (model: Model, real: Real) => {
  for (const id of IDS) compare(id, model, real);
  expect(byBudget(real.alerts)).toEqual(byBudget(model.rows.alerts));
};

const picked = <T>(all: T[], number: number): T | undefined => all[number % all.length];

const puts = states.map((state) =>
  command(
    `put ${state.id} ${state.capNano} ${state.period} +${state.settledNano}`,
    (model, real) => {
      model.rows.put(state, model.nowMs);
      real.book.put(state, model.nowMs);
    },
  ),
);

/** Only the cap is another; the most frequent change while calls are under way. */
const recaps = fc.tuple(fc.constantFrom(...IDS), amount).map(([id, capNano]) =>
  command(`cap ${id} ${capNano}`, (model, real) => {
    const owner = model.rows.owners.get(id);
    if (owner === undefined) return;
    const state = { ...owner.state, capNano };
    model.rows.put(state, model.nowMs);
    real.book.put(state, model.nowMs);
  }),
);

/** For a time, which may be over already. */
const raises = fc
  .tuple(fc.constantFrom(...IDS), amount, fc.integer({ min: -HOUR_MS, max: 2 * DAY_MS }))
  .map(([id, raiseNano, ms]) =>
    command(`raise ${id} by ${raiseNano} for ${ms}`, (model, real) => {
      const owner = model.rows.owners.get(id);
      if (owner === undefined) return;
      const raisedUntil = new Date(model.nowMs + ms);
      const state = { ...owner.state, raiseNano, raisedUntil };
      model.rows.put(state, model.nowMs);
      real.book.put(state, model.nowMs);
    }),
  );

const removes = fc.constantFrom(...IDS).map((id) =>
  command(`remove ${id}`, ({ rows }, { book }) => {
    rows.remove(id);
    book.remove(id);
  }),
);

const tries = fc.tuple(subjects, amount).map(([who, nano]) =>
  command(`try ${nano}`, (model, real) => {
    const { rows, nowMs } = model;
    const [owners, budgets] = [rows.find(who), real.book.find(who)];
    expect(budgets.map(({ state }) => state.id).toSorted()).toEqual(
      owners.map(({ state }) => state.id).toSorted(),
    );
    const refusal = real.book.refusal(budgets, nano, nowMs);
    expectSame(refusal, rows.refusal(owners, nano, nowMs));
    expect(real.book.refusal(budgets, nano, nowMs)).toEqual(refusal);
    if (refusal !== null) return;
    const before = rows.pagesPastCap(nowMs);
    const id = `call-${model.calls.length}`;
    const held = { id, subjects: who, amountNano: nano, sinceMs: nowMs };
    model.calls.push(rows.hold(owners, held));
    real.holds.push(real.book.hold(budgets, held));
    if (nano > 0n) expect(rows.pagesPastCap(nowMs)).toEqual(before);
  }),
);

const extensions = fc.tuple(fc.nat(), amount).map(([number, nano]) =>
  command(`extend ${number} ${nano}`, (model, real) => {
    const [call, hold] = [picked(model.calls, number), picked(real.holds, number)];
    if (call === undefined || hold === undefined) return;
    const before = model.rows.pagesPastCap(model.nowMs);
    expectSame(hold.extend(nano, model.nowMs), model.rows.extend(call, nano, model.nowMs));
    expectCapsKept(model, before);
  }),
);

const settlements = fc.tuple(fc.nat(), amount).map(([number, nano]) =>
  command(`settle ${number} ${nano}`, (model, real) => {
    const [call, hold] = [picked(model.calls, number), picked(real.holds, number)];
    if (call === undefined || hold === undefined) return;
    const before = model.rows.pagesPastCap(model.nowMs);
    const overrun = hold.settle(nano, model.nowMs);
    expect(overrun).toBe(model.rows.settle(call, nano, model.nowMs));
    if (overrun === 0n) expectCapsKept(model, before);
  }),
);

const releases = fc.nat().map((number) =>
  command(`release ${number}`, (model, real) => {
    const call = picked(model.calls, number);
    picked(real.holds, number)?.release();
    if (call?.isOpen === true) model.rows.settle(call, 0n, model.nowMs);
  }),
);

const adjustments = fc
  .tuple(fc.constantFrom(...IDS), fc.bigInt({ min: -80n, max: 80n }), fc.nat({ max: DAY_MS }))
  .map(([id, nano, aheadMs]) =>
    command(`adjust ${id} ${nano}`, ({ rows, nowMs }, { book }) => {
      rows.adjust(id, nano, nowMs);
      book.adjust(id, nano, nowMs + aheadMs, nowMs);
    }),
  );

const steps = fc.oneof(
  fc.integer({ min: 0, max: 2 * HOUR_MS }),
  fc.integer({ min: 0, max: 2 * DAY_MS }),
  fc.integer({ min: -2 * DAY_MS, max: 0 }),
  fc.integer({ min: 0, max: 40 * DAY_MS }),
);
const waits = steps.map((ms) =>
  command(`wait ${ms}`, (model) => {
    model.nowMs += ms;
  }),
);

const looks = fc.constant(command('compare', compareAll));

test('whatever happens in whatever order, the book says what a list of all payments says', () => {
  const weighted = [
    puts,
    recaps,
    raises,
    tries,
    tries,
    tries,
    extensions,
    settlements,
    settlements,
  ];
  const commands = [...weighted, releases, adjustments, waits, looks, removes];
  fc.assert(
    fc.property(fc.commands(commands, { size: '+1', maxCommands: 80 }), (deeds) => {
      const model: Model = { rows: new RowBudgets(), calls: [], nowMs: NOON_MS };
      const alerts: Real['alerts'] = [];
      const book = new BudgetBook(({ budgetId, percent, settledNano, periodStartMs }) =>
        alerts.push([budgetId, percent, settledNano, periodStartMs]),
      );
      const real: Real = { book, alerts, holds: [] };
      fc.modelRun(() => ({ model, real }), deeds);
      compareAll(model, real);
      for (const [number, call] of model.calls.entries()) {
        if (call.isOpen) model.rows.settle(call, 1n, model.nowMs);
        real.holds[number]?.settle(1n, model.nowMs);
      }
      compareAll(model, real);
      for (const id of IDS) expect(book.explain(id, model.nowMs)?.holds ?? []).toEqual([]);
    }),
    { numRuns: 600 },
  );
});

/** One streaming call: asked, extended while it runs, settled within its hold or given back. */
interface Plan {
  scopes: BudgetScope[];
  asks: bigint[];
  /** Percent of what it holds; null gives all back. */
  cost: number | null;
  pauseMs: number;
}

const PERIODS = { key: 'none', team: 'hourly', user: 'daily', pool: 'none' } as const;

const plans: fc.Arbitrary<Plan> = fc.record({
  scopes: fc.uniqueArray(fc.constantFrom<BudgetScope[]>('key', 'team', 'user', 'pool')),
  asks: fc.array(fc.bigInt({ min: 1n, max: 30n }), { minLength: 1, maxLength: 3 }),
  cost: fc.option(fc.integer({ min: 0, max: 100 })),
  pauseMs: fc.nat({ max: 3 * HOUR_MS }),
});

/** A process with one budget of each scope, in which a plan takes its steps when it is its turn. */
class Gateway {
  readonly #book = new BudgetBook(() => undefined);
  readonly #budgets: (BudgetState & { spentNano: bigint })[] = [];
  #nowMs = NOON_MS;

  constructor(capsNano: readonly bigint[]) {
    for (const scope of ['key', 'team', 'user', 'pool'] as const) {
      const capNano = capsNano[this.#budgets.length] ?? 0n;
      const budget = aBudget({ scope, capNano, period: PERIODS[scope] });
      this.#budgets.push({ ...budget, spentNano: 0n });
      this.#book.put(budget, NOON_MS);
    }
  }

  async call(plan: Plan, name: string, turn: () => Promise<void>): Promise<void> {
    const subjectOf = (scope: BudgetScope) => (plan.scopes.includes(scope) ? 'k' : null);
    const [key, team, user] = [subjectOf('key'), subjectOf('team'), subjectOf('user')];
    const [first = 0n, ...more] = plan.asks;
    await turn();
    this.#nowMs += plan.pauseMs;
    const whose = { key, team, user, pool: subjectOf('pool') };
    const found = this.#book.find(whose);
    if (this.#book.refusal(found, first, this.#nowMs) !== null) return;
    const hold = this.#book.hold(found, {
      id: name,
      subjects: whose,
      amountNano: first,
      sinceMs: this.#nowMs,
    });
    this.#expectCapsKept();
    for (const nano of more) {
      await turn();
      if (hold.extend(nano, this.#nowMs) !== null) break;
      this.#expectCapsKept();
    }
    await turn();
    if (plan.cost === null) return hold.release();
    const costNano = (hold.amountNano * BigInt(plan.cost)) / 100n;
    expect(hold.settle(costNano, this.#nowMs)).toBe(0n);
    for (const budget of this.#budgets) {
      if (plan.scopes.includes(budget.scope)) budget.spentNano += costNano;
    }
    this.#expectCapsKept();
  }

  expectAllResolved(): void {
    for (const { id, period, spentNano } of this.#budgets) {
      const explained = this.#book.explain(id, this.#nowMs);
      expect(explained?.holds).toEqual([]);
      expect(explained?.enforcedNano).toBe(explained?.settledNano);
      if (period === 'none') expect(explained?.settledNano).toBe(spentNano);
    }
  }

  #expectCapsKept(): void {
    for (const { id, capNano } of this.#budgets) {
      const { sumNano = -1n, enforcedNano } = this.#book.explain(id, this.#nowMs) ?? {};
      expect(sumNano >= 0n && sumNano <= capNano).toBe(true);
      expect(enforcedNano).toBe(sumNano);
    }
  }
}

test('calls that run side by side never take a budget past its cap, and hold nothing at the end', async () => {
  const caps = fc.array(fc.bigInt({ min: 20n, max: 120n }), { minLength: 4, maxLength: 4 });
  const calls = fc.array(plans, { minLength: 2, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), calls, caps, async (scheduler, all, capsNano) => {
      const gateway = new Gateway(capsNano);
      const running = all.map((plan, number) => {
        const name = `call-${number}`;
        return gateway.call(plan, name, () => scheduler.schedule(Promise.resolve(), name));
      });
      await scheduler.waitFor(Promise.all(running));
      gateway.expectAllResolved();
    }),
    { numRuns: 300 },
  );
});
