import { beforeEach, describe, expect, test } from '@jest/globals';
import { BudgetBook } from '../../../../src/accounting/budgets/budget-book.ts';
import type { BudgetSubjects } from '../../../../src/accounting/budgets/terms.ts';
import type { BudgetHold } from '../../../../src/accounting/budgets/budget-hold.ts';
import type { BudgetAlert, BudgetRefusal } from '../../../../src/accounting/budgets/tally.ts';
import type { BudgetState } from '../../../../src/accounting/budgets/terms.ts';
import { DAY_MS, HOUR_MS, NOON_MS, aBudget } from './fixture.ts';

const MIDNIGHT_MS = NOON_MS + 12 * HOUR_MS;
const caller: BudgetSubjects = { key: 'k', team: 't', user: 'u', pool: 'p' };

let alerts: BudgetAlert[];
let book: BudgetBook;
let nowMs: number;

beforeEach(() => {
  alerts = [];
  book = new BudgetBook((alert) => alerts.push(alert));
  nowMs = NOON_MS;
});

function put(fields: Partial<BudgetState> = {}): BudgetState {
  const budget = aBudget(fields);
  book.put(budget, nowMs);
  return budget;
}

const found = (subjects: Partial<BudgetSubjects> = {}) => book.find({ ...caller, ...subjects });
const ids = (subjects: Partial<BudgetSubjects> = {}) =>
  found(subjects).map(({ state }) => state.id);
const refused = (amountNano: bigint) => book.refusal(found(), amountNano, nowMs);
const hold = (amountNano: bigint, id = 'call') =>
  book.hold(found(), { id, subjects: caller, amountNano, sinceMs: nowMs });
const figures = ({ id }: { id: string }) => {
  const { settledNano, holds, sumNano, enforcedNano } = book.explain(id, nowMs)!;
  expect(sumNano).toBe(enforcedNano);
  return [settledNano, ...holds.map(({ amountNano }) => amountNano)];
};

/** A call as the gateway admits one: asked and held in one step. */
function tryCall(amountNano: bigint): BudgetHold | BudgetRefusal {
  const budgets = found();
  const facts = { id: 'call', subjects: caller, amountNano, sinceMs: nowMs };
  return book.refusal(budgets, amountNano, nowMs) ?? book.hold(budgets, facts);
}

describe('the budgets of a call', () => {
  test('are those of its key, team, user and pool', () => {
    const of = {
      key: put({ scope: 'key', subjectId: 'k' }),
      other: put({ scope: 'key', subjectId: 'p' }),
      team: put({ scope: 'team', subjectId: 't' }),
      user: put({ scope: 'user', subjectId: 'u' }),
      pool: put({ scope: 'pool', subjectId: 'p' }),
      second: put({ scope: 'pool', subjectId: 'p', period: 'none' }),
    };
    const { key, team, user, pool, second } = of;
    expect(ids()).toEqual([key.id, team.id, user.id, pool.id, second.id]);
    expect(ids({ key: 'x', team: null, user: null })).toEqual([pool.id, second.id]);
    expect(ids({ key: 'p', team: 'k', user: 't', pool: 'k' })).toEqual([of.other.id]);
  });

  test('are the same nothing whenever there are none, and nothing costs nothing', () => {
    put({ subjectId: 'other' });
    const none = found();
    expect(none).toEqual([]);
    expect(found({ team: null })).toBe(none);
    expect(book.refusal(none, 10n ** 30n, nowMs)).toBeNull();
    const first = hold(5n);
    expect([first.extend(7n, nowMs), first.amountNano, first.settle(9n, nowMs)]).toEqual([
      null,
      12n,
      0n,
    ]);
  });

  test('follow a change of subject, and end with a removal', () => {
    const budget = put();
    put({ subjectId: 'other' });
    const before = found();
    book.put({ ...budget, scope: 'team', subjectId: 't' }, nowMs);
    expect(found({ team: null })).toEqual([]);
    expect(found()).toEqual(before);
    book.remove(budget.id);
    book.remove(budget.id);
    expect(found()).toEqual([]);
    expect(book.explain(budget.id, nowMs)).toBeUndefined();
    expect(() => book.adjust(budget.id, 1n, nowMs, nowMs)).not.toThrow();
  });

  test('are after a load those that were loaded; what was counted stays', () => {
    const [kept, gone] = [put(), put()];
    hold(30n).settle(20n, nowMs);
    const added = aBudget({ settledNano: 5n });
    book.load([{ ...kept, capNano: 200n, settledNano: 1n }, added], nowMs);
    expect(ids()).toEqual([kept.id, added.id]);
    expect(book.explain(gone.id, nowMs)).toBeUndefined();
    expect([figures(kept), figures(added)]).toEqual([[20n], [5n]]);
  });
});

describe('a refusal', () => {
  test('comes when settled, held and asked pass the cap, with all its facts', () => {
    const budget = put({ settledNano: 40n });
    hold(50n);
    expect(refused(10n)).toBeNull();
    expect(refused(11n)).toEqual({
      budgetId: budget.id,
      scope: 'key',
      subjectId: 'k',
      capNano: 100n,
      settledNano: 40n,
      heldNano: 50n,
      amountNano: 11n,
      resetsAtMs: MIDNIGHT_MS,
    });
    expect(figures(budget)).toEqual([40n, 50n]);
  });

  test.each<[string, Partial<BudgetState>]>([
    ['a soft budget', { isHard: false }],
    ['a disabled budget', { isEnabled: false }],
  ])('never comes from %s, which counts all the same', (_name, fields) => {
    const budget = put(fields);
    expect(refused(101n)).toBeNull();
    hold(150n);
    book.put({ ...budget, isHard: true, isEnabled: true }, nowMs);
    expect(refused(1n)).toMatchObject({ heldNano: 150n });
  });

  test('never meets what costs nothing, even when the cap has been passed', () => {
    put({ settledNano: 120n });
    expect(refused(0n)).toBeNull();
    expect(refused(1n)).toMatchObject({ settledNano: 120n });
  });

  test.each<[string, BudgetState['period'][], BudgetState['period']]>([
    ['that resets last', ['hourly', 'monthly', 'daily'], 'monthly'],
    ['that never resets', ['weekly', 'none', 'monthly'], 'none'],
  ])('of several is by the budget %s', (_name, periods, wins) => {
    const budgets = periods.map((period) => put({ period }));
    const expected = budgets.find(({ period }) => period === wins)!;
    const refusal = refused(101n);
    expect(refusal?.budgetId).toBe(expected.id);
    expect(refusal?.resetsAtMs === null).toBe(wins === 'none');
  });
});

describe('a hold', () => {
  test('takes part in every budget, and its settlement replaces it by the cost', () => {
    const [small, large] = [put(), put({ scope: 'pool', subjectId: 'p', capNano: 10_000n })];
    const held = hold(60n);
    expect([figures(small), figures(large)]).toEqual([
      [0n, 60n],
      [0n, 60n],
    ]);
    expect(held.settle(25n, nowMs)).toBe(0n);
    expect([figures(small), figures(large)]).toEqual([[25n], [25n]]);
  });

  test('is listed with its id, amount and time', () => {
    const { id } = put();
    hold(60n, 'call-7').extend(5n, nowMs);
    expect(book.explain(id, nowMs)?.holds).toEqual([
      { id: 'call-7', amountNano: 65n, sinceMs: NOON_MS },
    ]);
  });

  test('grows in all its budgets or in none', () => {
    const [small, large] = [put(), put({ capNano: 1000n })];
    const held = hold(90n);
    expect(held.extend(11n, nowMs)).toMatchObject({
      budgetId: small.id,
      heldNano: 90n,
      amountNano: 11n,
    });
    expect([figures(small), figures(large)]).toEqual([
      [0n, 90n],
      [0n, 90n],
    ]);
    expect(held.extend(10n, nowMs)).toBeNull();
    expect([figures(small), figures(large)]).toEqual([
      [0n, 100n],
      [0n, 100n],
    ]);
    expect(held.amountNano).toBe(100n);
  });

  test('is resolved once: whatever comes later changes nothing', () => {
    const budget = put();
    const [settled, released] = [hold(40n), hold(50n)];
    released.release();
    settled.settle(30n, nowMs);
    for (const held of [settled, released]) {
      held.release();
      expect([held.settle(99n, nowMs), held.extend(99n, nowMs)]).toEqual([0n, null]);
    }
    expect(figures(budget)).toEqual([30n]);
  });

  test('tells the overrun when the call cost more', () => {
    const budget = put();
    const held = hold(90n);
    held.extend(5n, nowMs);
    expect(held.settle(120n, nowMs)).toBe(25n);
    expect(figures(budget)).toEqual([120n]);
    expect(refused(1n)).toMatchObject({ settledNano: 120n, heldNano: 0n });
  });

  test('of a removed budget is bound by it no longer', () => {
    const [gone, kept] = [put(), put({ capNano: 1000n })];
    const held = hold(90n);
    book.remove(gone.id);
    expect(held.extend(500n, nowMs)).toBeNull();
    held.settle(300n, nowMs);
    expect(figures(kept)).toEqual([300n]);
  });
});

describe('a budget that is set while calls are under way', () => {
  test('is burdened by those of its subject, as if it had been there', () => {
    const held = hold(70n);
    const before = hold(5n);
    before.release();
    const [budget, others] = [put(), put({ subjectId: 'other' })];
    expect(figures(budget)).toEqual([0n, 70n]);
    expect(figures(others)).toEqual([0n]);
    expect(refused(31n)).toMatchObject({ heldNano: 70n });
    expect(held.extend(31n, nowMs)).toMatchObject({ heldNano: 70n });
    expect(held.extend(30n, nowMs)).toBeNull();
    held.settle(90n, nowMs);
    expect(figures(budget)).toEqual([90n]);
  });

  test('is not by those of an earlier period', () => {
    const held = hold(70n);
    nowMs += DAY_MS;
    const [today, ever] = [put(), put({ period: 'none' })];
    held.settle(70n, nowMs);
    expect([figures(today), figures(ever)]).toEqual([[0n], [70n]]);
  });

  test('also where it was removed before: the cap cannot be got around', () => {
    const budget = put();
    hold(90n);
    book.remove(budget.id);
    book.put(budget, nowMs);
    expect(refused(11n)).toMatchObject({ heldNano: 90n });
  });
});

test('a cap that is lowered below what is spent tells it: no settlement will', () => {
  const budget = put({ alertPercents: [100] });
  hold(60n).settle(60n, nowMs);
  expect(alerts).toEqual([]);
  book.put({ ...budget, capNano: 50n }, nowMs);
  expect(alerts).toMatchObject([{ percent: 100, settledNano: 60n, capNano: 50n }]);
});

test('of 500 calls at once on a cap worth seven, seven pass', async () => {
  const budget = put({ capNano: 76n });
  const calls = Array.from({ length: 500 }, async (_, call) => {
    for (let wait = call % 5; wait > 0; wait -= 1) await Promise.resolve();
    const outcome = tryCall(10n);
    await Promise.resolve();
    return outcome;
  });
  const outcomes = await Promise.all(calls);
  const holds = outcomes.filter((outcome) => 'settle' in outcome);
  expect(holds).toHaveLength(7);
  expect(outcomes.filter((outcome) => 'resetsAtMs' in outcome)).toHaveLength(493);
  expect(book.explain(budget.id, nowMs)).toMatchObject({ sumNano: 70n, enforcedNano: 70n });
  for (const held of holds) held.release();
  expect(figures(budget)).toEqual([0n]);
});

describe('a new period', () => {
  test('begins with nothing, by time alone', () => {
    const budget = put({ settledNano: 95n });
    nowMs = MIDNIGHT_MS - 1;
    expect(refused(10n)).not.toBeNull();
    nowMs = MIDNIGHT_MS;
    expect(refused(100n)).toBeNull();
    expect(book.explain(budget.id, nowMs)).toMatchObject({
      periodStartMs: MIDNIGHT_MS,
      resetsAtMs: MIDNIGHT_MS + DAY_MS,
      settledNano: 0n,
    });
  });

  test('is not burdened by calls of the old one, nor are they by it', () => {
    const [daily, forever] = [put(), put({ period: 'none', capNano: 1000n })];
    const late = hold(90n, 'late');
    nowMs = MIDNIGHT_MS;
    expect(refused(100n)).toBeNull();
    const next = hold(100n, 'next');
    // Ten are left of yesterday's hundred, whatever today holds.
    expect(late.extend(11n, nowMs)).toMatchObject({ heldNano: 90n, resetsAtMs: MIDNIGHT_MS });
    expect(late.extend(10n, nowMs)).toBeNull();
    expect([figures(daily), figures(forever)]).toEqual([
      [0n, 100n],
      [0n, 100n, 100n],
    ]);
    late.settle(95n, nowMs);
    next.settle(60n, nowMs);
    expect([figures(daily), figures(forever)]).toEqual([[60n], [155n]]);
  });

  test('that nobody has looked at yet does not take the cost of the old one', () => {
    const budget = put();
    const held = hold(90n);
    held.settle(80n, nowMs);
    nowMs = MIDNIGHT_MS;
    expect(figures(budget)).toEqual([0n]);
  });

  test('is not left again when the wall clock is set back', () => {
    const budget = put({ settledNano: 50n });
    nowMs = MIDNIGHT_MS + HOUR_MS;
    const held = hold(100n);
    nowMs = NOON_MS;
    expect(refused(1n)).toMatchObject({ settledNano: 0n, heldNano: 100n });
    held.settle(70n, nowMs);
    hold(20n).settle(20n, nowMs);
    book.adjust(budget.id, 5n, nowMs, nowMs);
    expect(figures(budget)).toEqual([95n]);
    nowMs = MIDNIGHT_MS + 2 * HOUR_MS;
    expect(figures(budget)).toEqual([95n]);
  });

  test('follows the midnight of its zone', () => {
    put({ zone: 'Asia/Kathmandu', settledNano: 100n });
    nowMs = Date.parse('2026-05-06T18:14:59.999Z');
    expect(refused(1n)).not.toBeNull();
    nowMs += 1;
    expect(refused(1n)).toBeNull();
  });
});

describe('changed terms', () => {
  test('keep what was counted: a stale sum does not wipe live spend', () => {
    const budget = put();
    hold(30n).settle(30n, nowMs);
    hold(20n);
    book.put({ ...budget, capNano: 60n, settledNano: 0n }, nowMs);
    expect(figures(budget)).toEqual([30n, 20n]);
    expect([refused(10n), refused(11n)?.capNano]).toEqual([null, 60n]);
  });

  test('bind calls that are under way, also below what they hold', () => {
    const budget = put();
    const held = hold(80n);
    book.put({ ...budget, capNano: 50n }, nowMs);
    expect(held.extend(1n, nowMs)).toMatchObject({ capNano: 50n, heldNano: 80n });
    book.put({ ...budget, capNano: 81n }, nowMs);
    expect(held.extend(1n, nowMs)).toBeNull();
  });

  test('with other periods take the sum that comes along, and the holds of that period', () => {
    const budget = put();
    const [yesterdays, todays] = [hold(10n, 'yesterday'), hold(10n, 'settled')];
    todays.settle(5n, nowMs);
    nowMs += DAY_MS;
    const [open, late] = [hold(20n, 'open'), hold(30n, 'late')];
    nowMs += HOUR_MS;
    book.put({ ...budget, period: 'weekly', settledNano: 25n }, nowMs);
    expect(new Set(figures(budget))).toEqual(new Set([25n, 10n, 20n, 30n]));
    expect(late.extend(15n, nowMs)).toBeNull();
    expect(late.extend(1n, nowMs)).toMatchObject({ settledNano: 25n, heldNano: 75n });
    yesterdays.settle(11n, nowMs);
    open.release();
    expect(figures(budget)).toEqual([36n, 45n]);
    book.put({ ...budget, period: 'hourly', settledNano: 0n }, nowMs);
    expect(figures(budget)).toEqual([0n]);
    late.settle(40n, nowMs);
    expect(figures(budget)).toEqual([0n]);
  });

  test('with longer periods bind calls of theirs that the shorter one did not know', () => {
    nowMs -= DAY_MS;
    const yesterdays = hold(90n);
    nowMs += DAY_MS;
    const budget = put();
    const todays = hold(3n);
    expect(figures(budget)).toEqual([0n, 3n]);
    book.put({ ...budget, period: 'monthly' }, nowMs);
    expect(new Set(figures(budget))).toEqual(new Set([0n, 3n, 90n]));
    expect(refused(8n)).toMatchObject({ heldNano: 93n });
    yesterdays.settle(90n, nowMs);
    todays.release();
    expect(figures(budget)).toEqual([90n]);
  });

  test('with longer periods count what was spent elsewhere and is not on disk yet', () => {
    const budget = put();
    const facts = { id: 'call', subjects: caller, amountNano: 90n, sinceMs: nowMs - 3 * DAY_MS };
    const spent = book.charge(facts, nowMs);
    expect(figures(budget)).toEqual([0n]);
    book.put({ ...budget, period: 'monthly' }, nowMs);
    expect(figures(budget)).toEqual([0n, 90n]);
    spent.settle(90n, nowMs);
    expect(figures(budget)).toEqual([90n]);
  });

  test('with a zone that does not exist change nothing', () => {
    const budget = put();
    hold(30n);
    expect(() => book.put({ ...budget, zone: 'Mars/Olympus', capNano: 1n }, nowMs)).toThrow(
      'time zone',
    );
    expect(figures(budget)).toEqual([0n, 30n]);
    expect(refused(70n)).toBeNull();
  });
});

describe('an adjustment', () => {
  test('counts in the period of its time', () => {
    const budget = put();
    book.adjust(budget.id, 40n, nowMs, nowMs);
    book.adjust(budget.id, -15n, nowMs - HOUR_MS, nowMs);
    expect(figures(budget)).toEqual([25n]);
    book.adjust(budget.id, 50n, nowMs - DAY_MS, nowMs);
    expect(figures(budget)).toEqual([25n]);
  });

  test('of a time to come counts now, so that no foreign clock ends a period', () => {
    const budget = put({ settledNano: 90n });
    book.adjust(budget.id, 5n, nowMs + 1000 * DAY_MS, nowMs);
    expect(figures(budget)).toEqual([95n]);
    expect(refused(6n)).not.toBeNull();
  });

  test('of a period that is over binds the calls it let in', () => {
    const budget = put();
    const late = hold(50n);
    nowMs = MIDNIGHT_MS;
    expect(refused(1n)).toBeNull();
    book.adjust(budget.id, 40n, MIDNIGHT_MS - 1, nowMs);
    expect(late.extend(11n, nowMs)).toMatchObject({ settledNano: 40n, heldNano: 50n });
    expect(late.extend(10n, nowMs)).toBeNull();
    expect(figures(budget)).toEqual([0n]);
  });
});

describe('a recount', () => {
  test('replaces what was settled and leaves holds as they are', () => {
    const [counted, other] = [put({ settledNano: 90n }), put({ capNano: 1000n })];
    const held = hold(10n);
    expect(refused(1n)).toMatchObject({ settledNano: 90n });
    book.recount(counted.id, () => 40n, nowMs);
    expect([figures(counted), figures(other)]).toEqual([
      [40n, 10n],
      [0n, 10n],
    ]);
    expect([refused(50n), refused(51n)?.settledNano]).toEqual([null, 40n]);
    held.settle(7n, nowMs);
    expect(figures(counted)).toEqual([47n]);
  });

  test('may leave more settled than the cap: nothing more passes then', () => {
    const budget = put();
    book.recount(budget.id, () => 130n, nowMs);
    expect(refused(1n)).toMatchObject({ settledNano: 130n });
    expect(refused(0n)).toBeNull();
  });

  test('is of each period that calls are under way in, by its own sum', () => {
    const budget = put({ settledNano: 50n });
    const late = hold(10n);
    nowMs = MIDNIGHT_MS;
    const asked: number[] = [];
    const settledOf = (_state: unknown, { startMs }: { startMs: number }) => {
      asked.push(startMs);
      return startMs === MIDNIGHT_MS ? 25n : 89n;
    };
    book.recount(budget.id, settledOf, nowMs);
    expect(figures(budget)).toEqual([25n]);
    expect(late.extend(2n, nowMs)).toMatchObject({ settledNano: 89n, heldNano: 10n });
    expect(late.extend(1n, nowMs)).toBeNull();
    // Nobody is bound by yesterday any more.
    late.release();
    book.recount(budget.id, settledOf, nowMs);
    expect(asked).toEqual([MIDNIGHT_MS, MIDNIGHT_MS - DAY_MS, MIDNIGHT_MS]);
  });

  test('of a budget that is gone changes nothing', () => {
    const budget = put();
    book.remove(budget.id);
    expect(() => book.recount(budget.id, () => 1n, nowMs)).not.toThrow();
    expect(book.ids).toEqual([]);
  });
});

const told = () => alerts.map(({ percent, settledNano }) => [percent, Number(settledNano)]);
const spend = (nano: bigint) => hold(0n).settle(nano, nowMs);

describe('an alert', () => {
  test('tells each percentage once, when settled money reaches it', () => {
    const budget = put({ alertPercents: [80, 50, 80] });
    hold(100n).release();
    spend(49n);
    expect(told()).toEqual([]);
    spend(1n);
    spend(10n);
    expect(alerts).toEqual([
      {
        budgetId: budget.id,
        percent: 50,
        settledNano: 50n,
        capNano: 100n,
        periodStartMs: NOON_MS - 12 * HOUR_MS,
      },
    ]);
    book.adjust(budget.id, -30n, nowMs, nowMs);
    book.put({ ...budget, isStrict: true }, nowMs);
    spend(60n);
    expect(told().slice(1)).toEqual([[80, 90]]);
  });

  test('tells all that one settlement reaches, in order', () => {
    put({ alertPercents: [120, 50, 12.5] });
    spend(12n);
    expect(told()).toEqual([]);
    spend(107n);
    expect(told()).toEqual([
      [12.5, 119],
      [50, 119],
    ]);
    spend(1n);
    expect(told().slice(2)).toEqual([[120, 120]]);
  });

  test.each([
    [true, []],
    [false, [[100, 100]]],
  ])('of being used up is implied unless the budget refuses (hard: %p)', (isHard, expected) => {
    put({ isHard });
    spend(99n);
    expect(told()).toEqual([]);
    spend(1n);
    expect(told()).toEqual(expected);
  });

  test('comes anew in each period, and tells which', () => {
    put({ alertPercents: [50] });
    const late = hold(40n);
    spend(60n);
    nowMs = MIDNIGHT_MS;
    spend(60n);
    late.settle(40n, nowMs);
    expect(alerts.map(({ periodStartMs }) => periodStartMs)).toEqual([
      MIDNIGHT_MS - DAY_MS,
      MIDNIGHT_MS,
    ]);
  });

  test('is not repeated after a restart', () => {
    put({ alertPercents: [50, 80], settledNano: 70n });
    spend(5n);
    expect(told()).toEqual([]);
    spend(5n);
    expect(told()).toEqual([[80, 80]]);
  });

  test('is told by the cap that holds: a raised one can be reached again', () => {
    const budget = put({ alertPercents: [50] });
    spend(60n);
    book.put({ ...budget, capNano: 200n }, nowMs);
    spend(39n);
    expect(told()).toEqual([[50, 60]]);
    spend(1n);
    expect(told().slice(1)).toEqual([[50, 100]]);
    book.put({ ...budget, capNano: 100n, alertPercents: [50, 90] }, nowMs);
    spend(1n);
    expect(told().slice(2)).toEqual([[90, 100]]);
  });

  test('waits while the budget is disabled', () => {
    const budget = put({ alertPercents: [50], isEnabled: false });
    spend(60n);
    expect(told()).toEqual([]);
    book.put({ ...budget, isEnabled: true }, nowMs);
    spend(1n);
    expect(told()).toEqual([[50, 61]]);
  });

  test('finds every budget settled, also when its listener fails', () => {
    const seen: unknown[] = [];
    const [first, second] = [aBudget({ alertPercents: [50] }), aBudget({ scope: 'pool' })];
    book = new BudgetBook(() => {
      seen.push(figures(first), figures(second));
      throw new Error('listener failed');
    });
    book.load([first, { ...second, subjectId: 'p' }], nowMs);
    const held = hold(70n);
    expect(() => held.settle(60n, nowMs)).toThrow('listener failed');
    expect(seen).toEqual([[60n], [60n]]);
    expect([figures(first), figures(second)]).toEqual([[60n], [60n]]);
  });

  test('of a correction is told too', () => {
    const budget = put({ alertPercents: [50] });
    book.adjust(budget.id, 50n, nowMs, nowMs);
    expect(told()).toEqual([[50, 50]]);
  });

  test('of a recount is told if it was not told before', () => {
    const budget = put({ alertPercents: [50, 80] });
    spend(60n);
    book.recount(budget.id, () => 40n, nowMs);
    book.recount(budget.id, () => 85n, nowMs);
    expect(told()).toEqual([
      [50, 60],
      [80, 85],
    ]);
  });
});
