/// <reference lib="esnext.temporal" />
import type { UsageDimension } from '../entities/usage-dimension.ts';
import { usdFromNano } from '../lib/money.ts';
import type { UsageSum } from '../services/usage-sum.ts';
import { moneyText } from './budget-texts.ts';
import { table } from './print.ts';

export const HEADINGS: Readonly<Record<UsageDimension | 'hour' | 'day', string>> = {
  key: 'Key',
  team: 'Team',
  user: 'User',
  pool: 'Pool',
  model: 'Model',
  endpoint: 'Endpoint',
  credential: 'Credential',
  hour: 'Hour',
  day: 'Day',
};

/** A sum and what stands before it in its line. */
export interface SumLine {
  of: string[];
  sum: UsageSum;
}

/** A table of sums with their total. */
export function sumLines(headings: readonly string[], lines: readonly SumLine[]): string[] {
  // Only where there is something to tell.
  const isAdjusted = lines.some(({ sum }) => sum.adjustedNano !== 0n);
  const rows = lines.map(({ of, sum }) => [
    ...of.map((name) => name || '(none)'),
    String(sum.calls),
    String(sum.inputTokens),
    String(sum.outputTokens),
    moneyText(sum.costNano),
    ...(isAdjusted ? [moneyText(sum.adjustedNano)] : []),
  ]);
  const columns = ['Calls', 'Input tokens', 'Output tokens', 'Cost'];
  const total = lines.reduce((nano, { sum }) => nano + sum.costNano, 0n);
  return [
    table([...headings, ...columns, ...(isAdjusted ? ['Of it adjusted'] : [])], rows),
    `Total: $${usdFromNano(total)}`,
  ];
}

/** `2026-10-25`, or `2026-10-25 02:00+01:00`: an hour that clocks show twice is told apart. */
export function bucketText(step: 'hour' | 'day', startMs: number, zone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(zone);
  if (step === 'day') return local.toPlainDate().toString();
  const time = local.toPlainTime().toString({ smallestUnit: 'minute' });
  return `${local.toPlainDate().toString()} ${time}${zone === 'UTC' ? '' : local.offset}`;
}
