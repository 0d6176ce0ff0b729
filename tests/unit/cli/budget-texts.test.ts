import { expect, test } from '@jest/globals';
import { budgetLines, explainedLines, modeText, moneyText } from '../../../src/cli/budget-texts.ts';
import { Budget } from '../../../src/entities/budget.ts';
import type { BudgetExplained } from '../../../src/services/budget-standing.ts';

const MARCH_MS = Date.UTC(2026, 2, 1);
const APRIL_MS = Date.UTC(2026, 3, 1);

function told(fields: Partial<Budget> = {}, facts: Partial<BudgetExplained> = {}): BudgetExplained {
  const budget = Object.assign(new Budget(), {
    id: 'b1',
    scope: 'key',
    subjectId: 'k1',
    name: null,
    capNano: 25_000_000_000n,
    raiseNano: 0n,
    raisedUntil: null,
    period: 'monthly',
    zone: 'UTC',
    isHard: true,
    isStrict: false,
    alertPercents: [],
    isEnabled: true,
    ...fields,
  });
  return {
    budget,
    subject: 'phone',
    capNano: 25_000_000_000n,
    startMs: MARCH_MS,
    resetsAtMs: APRIL_MS,
    settledNano: 4_500n,
    heldNano: 0n,
    remainingNano: 24_999_995_500n,
    holds: [],
    recordedNano: 4_500n,
    isEqual: true,
    ...facts,
  };
}

test('money is exact, and less than nothing says so before the dollars', () => {
  expect(moneyText(4_500n)).toBe('$0.0000045');
  expect(moneyText(-500_000_000n)).toBe('-$0.50');
});

test('a mode names what is not ordinary', () => {
  expect(modeText(told().budget)).toBe('hard');
  const odd = { isHard: false, isStrict: true, isEnabled: false };
  expect(modeText(told(odd).budget)).toBe('soft, strict, disabled');
});

test('a budget tells its terms and what is left', () => {
  const named = { name: 'pocket', alertPercents: [50, 99.5], zone: 'Europe/Berlin' };
  expect(budgetLines(told(named)).join('\n')).toBe(`\
  Name:       pocket
  For:        key phone
  Cap:        $25.00 monthly
  Zone:       Europe/Berlin
  Mode:       hard
  Alerts:     50%, 99.5%
  Since:      2026-03-01 00:00:00
  Resets:     2026-04-01 00:00:00
  Spent:      $0.0000045
  Held:       $0.00
  Remaining:  $24.9999955`);
});

test('a raise is told as long as it lasts', () => {
  const raise = { raiseNano: 5_000_000_000n, raisedUntil: new Date(APRIL_MS) };
  const lines = budgetLines(told(raise, { capNano: 30_000_000_000n }));
  expect(lines.slice(1, 3)).toEqual([
    '  Cap:        $25.00 monthly',
    '  Raised:     by $5.00 to $30.00 until 2026-04-01 00:00:00',
  ]);
  expect(budgetLines(told(raise)).join()).not.toContain('Raised');
});

test('one that never resets has no beginning either', () => {
  const text = budgetLines(told({ period: 'none' }, { startMs: 0, resetsAtMs: null })).join('\n');
  expect(text).toContain('Cap:        $25.00 ever\n');
  expect(text).toContain('Since:      ever\n  Resets:     never\n');
});

test('an explanation lists every hold and proves the sum', () => {
  const hold = { id: 'r1', key: 'phone', model: 'gpt-4o', amountNano: 1_500n, ageMs: 61_999 };
  const text = explainedLines(told({}, { holds: [hold, { ...hold, id: 'r2', model: '' }] }));
  expect(text.slice(-11).join('\n')).toBe(`
Holds
  Request  Key    Model       Amount  Age
  ───────  ─────  ──────  ──────────  ────
  r1       phone  gpt-4o  $0.0000015  61 s
  r2       phone  (none)  $0.0000015  61 s

Proof
  Spent by roll-ups  $0.0000045
  Spent by records   $0.0000045
  They are equal.`);
});

test('an explanation says when the records do not agree', () => {
  const text = explainedLines(told({}, { recordedNano: 4_499n, isEqual: false })).join('\n');
  expect(text).toContain('Budget b1\n');
  expect(text).toContain('Holds\n  None.\n');
  expect(text).toMatch(/They are NOT equal: run `tollgate ledger verify`\.$/);
});
