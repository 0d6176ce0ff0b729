import { describe, expect, test } from '@jest/globals';
import {
  FIGURE_NAMES,
  FIGURES,
  figureOfRate,
  rateOfFigure,
} from '../../../../src/accounting/prices/figures.ts';
import type { FigureName } from '../../../../src/accounting/prices/figures.ts';
import { USAGE_CLASSES } from '../../../../src/entities/usage.ts';

test('every class of usage has its figure', () => {
  const classes = FIGURE_NAMES.map((name) => FIGURES[name].usageClass);
  expect(classes.toSorted()).toEqual([...USAGE_CLASSES].toSorted());
});

describe('a figure of a dollar', () => {
  test.each<[FigureName, bigint]>([
    ['input', 1_000_000_000n],
    ['image', 1_000_000_000_000_000n],
    // A dollar for 60,000 milliseconds, rounded up.
    ['audioMinute', 16_666_666_667n],
    ['request', 1_000_000_000_000_000n],
  ])('for %s', (name, rate) => {
    expect(rateOfFigure(name, 1_000_000_000n)).toBe(rate);
  });

  test.each(FIGURE_NAMES)('for %s comes back, a nano-dollar dearer at most', (name) => {
    for (const nano of [0n, 1n, 7n, 150_000_000n, 1_000_000_000n]) {
      const back = figureOfRate(name, rateOfFigure(name, nano));
      expect(back - nano).toBeGreaterThanOrEqual(0n);
      expect(back - nano).toBeLessThanOrEqual(1n);
    }
  });
});
