import { expect, test } from '@jest/globals';
import {
  adjustedLines,
  repriceLines,
  verificationLines,
} from '../../../src/cli/correction-texts.ts';
import type { RepriceReport } from '../../../src/services/reprice-run.ts';

const report = (fields: Partial<RepriceReport> = {}): RepriceReport => ({
  calls: 1200,
  entries: 1100,
  beforeNano: 12_000_000_000n,
  afterNano: 10_500_000_000n,
  lowerBounds: 0,
  leftAlone: new Map(),
  ...fields,
});

test('what pricing anew came to is told with what was left alone, most first', () => {
  const leftAlone = new Map([
    ['unknown', 2],
    ['voided', 30],
  ] as const);
  expect(repriceLines(report({ lowerBounds: 7, leftAlone }), false).join('\n')).toBe(`\
Calls       1200
Before      $12.00
After       $10.50
Difference  -$1.50
Unpriced    some usage of 7 calls still has no price
Left alone  30: nothing was produced, nothing is charged
            2: lost calls, charged at the hold: what they used is not known
1100 calls adjusted.`);
});

test('a dry run says that it was one', () => {
  expect(repriceLines(report(), true).slice(-2)).toEqual([
    'Difference  -$1.50',
    '1100 calls would be adjusted. Nothing was written.',
  ]);
});

test('an operator hears what a call cost, costs, and whether that is new', () => {
  const corrected = { calls: 1, entries: 1, beforeNano: 5n, afterNano: 7n };
  expect(adjustedLines(corrected)).toEqual([
    'Before      $0.000000005',
    'After       $0.000000007',
    'Difference  $0.000000002',
    'Adjusted.',
  ]);
  const same = { ...corrected, entries: 0, beforeNano: 7n };
  expect(adjustedLines(same).at(-1)).toBe('That is what it costs already: nothing was written.');
});

test('a proof tells of adjustments where there are any, and every finding', () => {
  const verified = {
    records: 3,
    adjustments: 0,
    costNano: 9n,
    adjustedNano: 0n,
    openHolds: 1,
    openReservations: 0,
    findings: [] as string[],
  };
  expect(verificationLines(verified, true)).toEqual([
    'Records     3',
    'Charged     $0.000000009',
    'Open holds  1 (calls under way)',
    'The books balance.',
  ]);
  const bad = {
    ...verified,
    adjustments: 2,
    adjustedNano: -4n,
    openReservations: 3,
    findings: ['one', 'two'],
  };
  expect(verificationLines(bad, false).slice(2)).toEqual([
    'Adjusted    -$0.000000004 of it, by 2 entries',
    'Open holds  1',
    'Reserved    3 calls of other services',
    '  - one',
    '  - two',
    'The books do NOT balance.',
  ]);
});
