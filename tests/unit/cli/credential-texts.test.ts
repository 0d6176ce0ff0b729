import { expect, test } from '@jest/globals';
import { balanceText, banText, limitsText, untilText } from '../../../src/cli/credential-texts.ts';
import { Ban } from '../../../src/entities/ban.ts';

const UNTIL_MS = Date.UTC(2026, 2, 1, 12, 30, 5);

const aBan = (fields: Partial<Ban>): Ban =>
  Object.assign(new Ban(), {
    model: null,
    reason: 'operator',
    evidence: { statuses: [], requestIds: [] },
    untilMs: null,
    ...fields,
  });

test('limits name those that are set', () => {
  expect(limitsText({ rpmLimit: null, tpmLimit: null })).toBe('Unlimited');
  expect(limitsText({ rpmLimit: 60, tpmLimit: null })).toBe('60 rpm');
  expect(limitsText({ rpmLimit: 60, tpmLimit: 9000 })).toBe('60 rpm, 9000 tpm');
});

test('a balance is exact, and none is not nothing', () => {
  expect(balanceText(1_230_000_001n)).toBe('$1.230000001');
  expect(balanceText(0n)).toBe('$0.00');
  expect(balanceText(null)).toBe('-');
});

test('a ban tells what, until when, and why', () => {
  expect(untilText(null)).toBe('until lifted');
  expect(banText(aBan({}))).toBe('all models until lifted (operator)');
  const evidence = { statuses: [], requestIds: [], note: 'invoice unpaid' };
  expect(banText(aBan({ model: 'gpt-4o', untilMs: UNTIL_MS, evidence }))).toBe(
    'gpt-4o until 2026-03-01 12:30:05 (operator: invoice unpaid)',
  );
});
