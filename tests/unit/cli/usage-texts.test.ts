import { expect, test } from '@jest/globals';
import { bucketText, sumLines } from '../../../src/cli/usage-texts.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import type { UsageSum } from '../../../src/services/usage-sum.ts';

const aSum = (fields: Partial<UsageSum> = {}): UsageSum => ({
  calls: 3,
  usage: noUsage(),
  inputTokens: 1200,
  outputTokens: 80,
  costNano: 4_500n,
  adjustedNano: 0n,
  ...fields,
});

test('sums are told to the billionth, with their total', () => {
  const lines = [
    { of: ['phone', 'gpt-4o'], sum: aSum({ costNano: 2n ** 53n + 1n }) },
    { of: ['phone', ''], sum: aSum() },
  ];
  expect(sumLines(['Key', 'Model'], lines).join('\n')).toBe(`\
Key    Model   Calls  Input tokens  Output tokens                Cost
─────  ──────  ─────  ────────────  ─────────────  ──────────────────
phone  gpt-4o      3          1200             80  $9007199.254740993
phone  (none)      3          1200             80          $0.0000045
Total: $9007199.254745493`);
});

test('what was adjusted is told only where there is something', () => {
  const line = { of: ['m'], sum: aSum({ adjustedNano: -500_000_000n }) };
  const [told] = sumLines(['Model'], [line]);
  expect(told).toMatch(/ Cost +Of it adjusted\n/);
  expect(told).toMatch(/ \$0\.0000045 +-\$0\.50$/);
});

test.each([
  ['day', '2026-10-24T22:00Z', 'Europe/Berlin', '2026-10-25'],
  ['day', '2026-10-25T00:00Z', 'UTC', '2026-10-25'],
  ['hour', '2026-10-25T13:00Z', 'UTC', '2026-10-25 13:00'],
  ['hour', '2026-10-25T00:00Z', 'Europe/Berlin', '2026-10-25 02:00+02:00'],
  ['hour', '2026-10-25T01:00Z', 'Europe/Berlin', '2026-10-25 02:00+01:00'],
  ['hour', '2026-10-25T01:30Z', 'Asia/Kolkata', '2026-10-25 07:00+05:30'],
] as const)('the %s that begins at %s in %s is %s', (step, start, zone, text) => {
  expect(bucketText(step, Date.parse(start), zone)).toBe(text);
});
