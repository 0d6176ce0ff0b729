import { describe, expect, test } from '@jest/globals';
import { RetryBudget } from '../../../src/proxy/retry-budget.ts';

/** How many of so many that ask at once may go. */
const granted = (budget: RetryBudget, wanted: number): number =>
  Array.from({ length: wanted }, () => budget.tryTake()).filter(Boolean).length;

test.each([
  [0, 3],
  [1, 3],
  [15, 3],
  [16, 4],
  [20, 4],
  [100, 20],
  [101, 21],
  [1000, 200],
])('of %i calls under way %i may be tried again', (calls, retries) => {
  expect(granted(new RetryBudget(() => calls), 1000)).toBe(retries);
});

describe('what was taken', () => {
  test('is there again once it is given back, and no sooner', () => {
    const budget = new RetryBudget(() => 0);
    expect(granted(budget, 5)).toBe(3);
    budget.giveBack();
    expect(granted(budget, 5)).toBe(1);
    for (let retry = 0; retry < 3; retry += 1) budget.giveBack();
    expect(granted(budget, 5)).toBe(3);
  });

  test('stays taken when calls leave, and more is there when they come', () => {
    let calls = 100;
    const budget = new RetryBudget(() => calls);
    expect(granted(budget, 20)).toBe(20);
    calls = 50;
    expect(granted(budget, 1)).toBe(0);
    for (let retry = 0; retry < 11; retry += 1) budget.giveBack();
    expect(granted(budget, 5)).toBe(1);
    calls = 100;
    expect(granted(budget, 100)).toBe(10);
  });

  test('and was refused took nothing', () => {
    const budget = new RetryBudget(() => 0);
    granted(budget, 1000);
    budget.giveBack();
    expect(granted(budget, 1)).toBe(1);
  });
});
