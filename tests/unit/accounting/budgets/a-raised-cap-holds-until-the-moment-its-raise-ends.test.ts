import { beforeEach, describe, expect, test } from '@jest/globals';
import { BudgetBook } from '../../../../src/accounting/budgets/budget-book.ts';
import type { BudgetAlert } from '../../../../src/accounting/budgets/tally.ts';
import type { BudgetState, BudgetSubjects } from '../../../../src/accounting/budgets/terms.ts';
import { DAY_MS, HOUR_MS, NOON_MS, aBudget } from './fixture.ts';

const ENDS_MS = NOON_MS + HOUR_MS;
const caller: BudgetSubjects = { key: 'k', team: null, user: null, pool: 'p' };

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

const raised = { raiseNano: 50n, raisedUntil: new Date(ENDS_MS) };
const found = () => book.find(caller);
const refused = (amountNano: bigint) => book.refusal(found(), amountNano, nowMs);
const hold = (amountNano: bigint) =>
  book.hold(found(), { id: 'call', subjects: caller, amountNano, sinceMs: nowMs });
const spend = (nano: bigint) => hold(0n).settle(nano, nowMs);
const told = () => alerts.map(({ percent, capNano }) => [percent, Number(capNano)]);

test('it is the cap and the raise together, to the nano-dollar and to the millisecond', () => {
  const budget = put(raised);
  hold(100n);
  expect(refused(50n)).toBeNull();
  expect(refused(51n)).toMatchObject({ capNano: 150n, heldNano: 100n });
  nowMs = ENDS_MS - 1;
  expect(book.explain(budget.id, nowMs)).toMatchObject({ capNano: 150n });
  expect(refused(50n)).toBeNull();
  nowMs = ENDS_MS;
  expect(refused(1n)).toMatchObject({ capNano: 100n, heldNano: 100n });
  expect(book.explain(budget.id, nowMs)).toMatchObject({ capNano: 100n });
});

test('a call that is under way when it ends gets no more, and keeps what it holds', () => {
  put(raised);
  const held = hold(120n);
  nowMs = ENDS_MS - 1;
  expect(held.extend(30n, nowMs)).toBeNull();
  nowMs = ENDS_MS;
  expect(held.extend(1n, nowMs)).toMatchObject({ capNano: 100n, heldNano: 150n });
  expect(held.settle(150n, nowMs)).toBe(0n);
});

test('another raise replaces it, and none ends it', () => {
  const budget = put(raised);
  book.put({ ...budget, raiseNano: 20n }, nowMs);
  expect([refused(120n), refused(121n)]).toMatchObject([null, { capNano: 120n }]);
  book.put({ ...budget, raiseNano: 0n, raisedUntil: null }, nowMs);
  expect(refused(101n)).toMatchObject({ capNano: 100n });
});

test('one that is over is no raise, nor does a clock set back make it one', () => {
  const budget = put({ raiseNano: 50n, raisedUntil: new Date(nowMs) });
  expect(refused(101n)).toMatchObject({ capNano: 100n });
  book.put({ ...budget, ...raised }, nowMs);
  nowMs = ENDS_MS;
  expect(refused(101n)).toMatchObject({ capNano: 100n });
  nowMs = ENDS_MS - 1;
  expect(refused(101n)).toMatchObject({ capNano: 100n });
});

test('it outlives the period it was made in', () => {
  put({ raiseNano: 50n, raisedUntil: new Date(nowMs + 2 * DAY_MS) });
  spend(150n);
  nowMs += DAY_MS;
  expect([refused(150n), refused(151n)]).toMatchObject([null, { settledNano: 0n }]);
});

test('of a removed budget it binds nobody', () => {
  const budget = put(raised);
  const held = hold(150n);
  book.remove(budget.id);
  expect(held.extend(500n, nowMs)).toBeNull();
  nowMs = ENDS_MS;
  expect(held.extend(500n, nowMs)).toBeNull();
});

describe('alerts', () => {
  test('are of the raised cap, and come anew where it made room', () => {
    const budget = put({ alertPercents: [80] });
    spend(90n);
    book.put({ ...budget, ...raised }, nowMs);
    spend(29n);
    expect(told()).toEqual([[80, 100]]);
    spend(1n);
    expect(told()).toEqual([
      [80, 100],
      [80, 150],
    ]);
  });

  test('tell at the first look behind its end what is reached of the cap without it', () => {
    put({ ...raised, alertPercents: [100] });
    spend(120n);
    expect(told()).toEqual([]);
    nowMs = ENDS_MS;
    expect(refused(1n)).not.toBeNull();
    expect(refused(1n)).not.toBeNull();
    expect(told()).toEqual([[100, 100]]);
  });

  test('tell nothing of it when a new period has begun meanwhile', () => {
    put({ ...raised, alertPercents: [100] });
    spend(120n);
    nowMs += DAY_MS;
    expect(refused(100n)).toBeNull();
    expect(told()).toEqual([]);
  });
});
