import type { Corrected } from '../accounting/ledger/adjust.ts';
import type { Verification } from '../accounting/ledger/verify.ts';
import type { RepriceReport } from '../services/reprice-run.ts';
import { LEFT_ALONE } from '../services/repricing-texts.ts';
import { moneyText } from './budget-texts.ts';

const LABEL_WIDTH = 12;

const factLine = (label: string, text: string) => `${label.padEnd(LABEL_WIDTH)}${text}`;

const moneyLines = ({ beforeNano, afterNano }: Corrected): string[] => [
  factLine('Before', moneyText(beforeNano)),
  factLine('After', moneyText(afterNano)),
  factLine('Difference', moneyText(afterNano - beforeNano)),
];

/** What pricing calls anew came to, or would come to. */
export function repriceLines(report: RepriceReport, isDryRun: boolean): string[] {
  const { calls, entries, lowerBounds, leftAlone } = report;
  const kept = [...leftAlone].toSorted(([, left], [, right]) => right - left);
  const done = isDryRun ? 'would be adjusted. Nothing was written.' : 'adjusted.';
  return [
    factLine('Calls', String(calls)),
    ...moneyLines(report),
    ...(lowerBounds === 0
      ? []
      : [factLine('Unpriced', `some usage of ${lowerBounds} calls still has no price`)]),
    ...kept.map(([why, count], index) =>
      factLine(index === 0 ? 'Left alone' : '', `${count}: ${LEFT_ALONE[why]}`),
    ),
    `${entries} calls ${done}`,
  ];
}

export const adjustedLines = (corrected: Corrected): string[] => [
  ...moneyLines(corrected),
  corrected.entries === 0 ? 'That is what it costs already: nothing was written.' : 'Adjusted.',
];

/** What the proof of the books found. */
export function verificationLines(verified: Verification, isServing: boolean): string[] {
  const { records, adjustments, costNano, adjustedNano, findings } = verified;
  const { openHolds, openReservations } = verified;
  return [
    factLine('Records', String(records)),
    factLine('Charged', moneyText(costNano)),
    ...(adjustments === 0
      ? []
      : [factLine('Adjusted', `${moneyText(adjustedNano)} of it, by ${adjustments} entries`)]),
    factLine('Open holds', `${openHolds}${isServing ? ' (calls under way)' : ''}`),
    ...(openReservations === 0
      ? []
      : [factLine('Reserved', `${openReservations} calls of other services`)]),
    ...findings.map((finding) => `  - ${finding}`),
    findings.length === 0 ? 'The books balance.' : 'The books do NOT balance.',
  ];
}
