import type { Budget } from '../entities/budget.ts';
import { usdFromNano } from '../lib/money.ts';
import type { BudgetExplained, BudgetStanding } from '../services/budget-standing.ts';
import { timeText } from './key-texts.ts';
import { table } from './print.ts';

const SECOND_MS = 1000;

export const moneyText = (nano: bigint): string =>
  nano < 0n ? `-$${usdFromNano(-nano)}` : `$${usdFromNano(nano)}`;

/** Whose it is: `key phone`. */
export const subjectText = ({ budget, subject }: BudgetStanding): string =>
  `${budget.scope} ${subject}`;

export const modeText = ({ isHard, isStrict, isEnabled }: Budget): string =>
  [
    isHard ? 'hard' : 'soft',
    ...(isStrict ? ['strict'] : []),
    ...(isEnabled ? [] : ['disabled']),
  ].join(', ');

export const resetText = ({ resetsAtMs }: BudgetStanding): string =>
  resetsAtMs === null ? 'never' : timeText(new Date(resetsAtMs));

/** Only while one lasts. */
function raiseFact({ budget, capNano }: BudgetStanding): [label: string, text: string][] {
  const { raiseNano, raisedUntil } = budget;
  if (capNano === budget.capNano || raisedUntil === null) return [];
  const until = timeText(raisedUntil);
  return [['Raised', `by ${moneyText(raiseNano)} to ${moneyText(capNano)} until ${until}`]];
}

/** A budget's terms and what its current period has taken. */
export function budgetLines(standing: BudgetStanding): string[] {
  const { budget } = standing;
  const alerts = budget.alertPercents.map((percent) => `${percent}%`).join(', ');
  const facts: [label: string, text: string][] = [
    ...(budget.name === null ? [] : [['Name', budget.name] satisfies [string, string]]),
    ['For', subjectText(standing)],
    ['Cap', `${moneyText(budget.capNano)} ${budget.period === 'none' ? 'ever' : budget.period}`],
    ...raiseFact(standing),
    ['Zone', budget.zone],
    ['Mode', modeText(budget)],
    ['Alerts', alerts === '' ? 'none' : alerts],
    ['Since', standing.startMs === 0 ? 'ever' : timeText(new Date(standing.startMs))],
    ['Resets', resetText(standing)],
    ['Spent', moneyText(standing.settledNano)],
    ['Held', moneyText(standing.heldNano)],
    ['Remaining', moneyText(standing.remainingNano)],
  ];
  return facts.map(([label, text]) => `  ${`${label}:`.padEnd(12)}${text}`);
}

/** What a refusal would go by, and whether the records say the same. */
export function explainedLines(told: BudgetExplained): string[] {
  const { budget, holds, settledNano, recordedNano, isEqual } = told;
  const rows = holds.map(({ id, key, model, amountNano, ageMs }) => [
    id,
    key,
    model || '(none)',
    moneyText(amountNano),
    `${Math.floor(ageMs / SECOND_MS)} s`,
  ]);
  const held = table(['Request', 'Key', 'Model', 'Amount', 'Age'], rows);
  return [
    `Budget ${budget.id}`,
    ...budgetLines(told),
    '',
    'Holds',
    ...(rows.length === 0 ? ['  None.'] : held.split('\n').map((line) => `  ${line}`)),
    '',
    'Proof',
    `  Spent by roll-ups  ${moneyText(settledNano)}`,
    `  Spent by records   ${moneyText(recordedNano)}`,
    isEqual ? '  They are equal.' : '  They are NOT equal: run `tollgate ledger verify`.',
  ];
}
