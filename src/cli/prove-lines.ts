import { moneyText } from './budget-texts.ts';
import { table } from './print.ts';
import { isRefusal } from './prove-verdict.ts';
import type { Evidence, Verdict } from './prove-verdict.ts';

/** What everybody says, and the verdict in the last line. */
export function proofLines(evidence: Evidence, verdict: Verdict): string[] {
  const { findings, passed, spentNano } = verdict;
  const spent = `${moneyText(spentNano)} of ${moneyText(evidence.capNano)} spent`;
  const result = `${passed} of ${evidence.answers.length} calls passed, ${spent}.`;
  return [
    table(['Who says', 'Calls', 'Streams', 'Cost'], rowsOf(evidence, spentNano)),
    '',
    ...findings.map((finding) => `  - ${finding}`),
    ...(findings.length === 0 ? [] : ['']),
    `${headline(verdict)} ${result}`,
  ];
}

function headline({ isProved, isBroken }: Verdict): string {
  if (isBroken) return 'The budget did NOT hold:';
  return isProved ? 'The budget held:' : 'Not proved:';
}

interface Some {
  isStream: boolean;
}

function rowsOf(evidence: Evidence, spentNano: bigint): string[][] {
  const { answers, witnessed, records, budget, capNano } = evidence;
  const passed = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(isRefusal);
  const others = answers.length - passed.length - refused.length;
  const rest = answers.filter((answer) => answer.status !== 200 && !isRefusal(answer));
  const recordedNano = records.reduce((sum, { costNano }) => sum + costNano, 0n);
  return [
    row('Clients: sent', answers),
    row('Clients: answered 200', passed),
    row('Clients: refused 402', refused),
    ...(others === 0 ? [] : [row('Clients: anything else', rest)]),
    row('Upstream: served', witnessed, spentNano),
    row('Ledger: recorded', records, recordedNano),
    ['Budget: settled', '', '', moneyText(budget.settledNano)],
    ['Budget: most ever taken', '', '', moneyText(budget.mostNano)],
    ['Budget: cap', '', '', moneyText(capNano)],
  ];
}

const row = (who: string, calls: readonly Some[], costNano?: bigint): string[] => [
  who,
  String(calls.length),
  String(calls.filter(({ isStream }) => isStream).length),
  costNano === undefined ? '' : moneyText(costNano),
];
