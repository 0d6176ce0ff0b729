import { expect, test } from '@jest/globals';
import { BudgetBook } from '../../../../src/accounting/budgets/budget-book.ts';
import type { HoldFacts } from '../../../../src/accounting/budgets/budget-hold.ts';
import { aBudget, DAY_MS, HOUR_MS, NOON_MS } from './fixture.ts';

const subjects = { key: 'k', team: null, user: null, pool: 'p' };

const held = (fields: Partial<HoldFacts> = {}): HoldFacts => ({
  id: 'call',
  subjects,
  amountNano: 30n,
  sinceMs: NOON_MS,
  ...fields,
});

function bookOf(...budgets: Parameters<typeof aBudget>[0][]) {
  const book = new BudgetBook(() => undefined);
  for (const budget of budgets) book.put(aBudget(budget), NOON_MS);
  const told = (id: string, nowMs = NOON_MS) => {
    const { settledNano, enforcedNano, sumNano } = book.explain(id, nowMs)!;
    expect(sumNano).toBe(enforcedNano);
    return [settledNano, enforcedNano - settledNano];
  };
  return { book, told };
}

test('it has happened: it is held whatever room there is, and then spent or given back', () => {
  const { book, told } = bookOf({ id: 'day', capNano: 10n });
  const spent = book.charge(held(), NOON_MS);
  expect(told('day')).toEqual([0n, 30n]);
  spent.settle(30n, NOON_MS);
  expect(told('day')).toEqual([30n, 0n]);
  book.charge(held(), NOON_MS).release();
  expect(told('day')).toEqual([30n, 0n]);
});

test('of another day it is no burden of today', () => {
  const { book, told } = bookOf({ id: 'day' }, { id: 'ever', period: 'none' });
  const spent = book.charge(held({ sinceMs: NOON_MS - DAY_MS }), NOON_MS);
  expect([told('day'), told('ever')]).toEqual([
    [0n, 0n],
    [0n, 30n],
  ]);
  spent.settle(30n, NOON_MS);
  expect([told('day'), told('ever')]).toEqual([
    [0n, 0n],
    [30n, 0n],
  ]);
});

test('what was held yesterday, by a process before this one, is bound by what yesterday has left', () => {
  const { book, told } = bookOf({ id: 'day', capNano: 100n, settledNano: 5n });
  const yesterday = held({ sinceMs: NOON_MS - DAY_MS });
  const periods: number[] = [];
  const settledOf = (_state: unknown, { startMs }: { startMs: number }) => {
    periods.push(startMs);
    return 60n;
  };
  const hold = book.resume(yesterday, NOON_MS, settledOf);
  const other = book.resume({ ...yesterday, id: 'other', amountNano: 5n }, NOON_MS, settledOf);
  // Asked once: the day is known from then on, as long as it has calls under way.
  expect(periods).toEqual([NOON_MS - DAY_MS - 12 * HOUR_MS]);
  expect(told('day')).toEqual([5n, 0n]);
  expect(hold.extend(6n, NOON_MS)).toMatchObject({
    budgetId: 'day',
    settledNano: 60n,
    heldNano: 35n,
  });
  expect(hold.extend(5n, NOON_MS)).toBeNull();
  hold.shrink(5n);
  expect(other.extend(5n, NOON_MS)).toBeNull();
  hold.settle(30n, NOON_MS);
  other.release();
  expect(told('day')).toEqual([5n, 0n]);
});

test('what was held today is held on; it comes under a budget that was set since', () => {
  const { book, told } = bookOf({ id: 'day', capNano: 100n });
  const hold = book.resume(held(), NOON_MS, () => {
    throw new Error('today is known');
  });
  expect(told('day')).toEqual([0n, 30n]);
  book.put(aBudget({ id: 'later', scope: 'pool', subjectId: 'p' }), NOON_MS);
  expect(told('later')).toEqual([0n, 30n]);
  hold.shrink(10n);
  expect([told('day'), told('later')]).toEqual([
    [0n, 20n],
    [0n, 20n],
  ]);
  hold.settle(7n, NOON_MS);
  hold.shrink(10n);
  expect([told('day'), told('later')]).toEqual([
    [7n, 0n],
    [7n, 0n],
  ]);
});
