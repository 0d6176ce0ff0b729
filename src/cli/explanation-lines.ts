import type { Adjustment } from '../entities/adjustment.ts';
import type { Exclusion, RouteNote } from '../entities/call-record.ts';
import type { UsageRecord } from '../entities/usage-record.ts';
import { USAGE_CLASSES } from '../entities/usage.ts';
import { usdFromNano } from '../lib/money.ts';
import type { Explanation } from '../services/explain.ts';
import {
  ANOMALIES,
  CALLER,
  CALLERS_OWN,
  EXCLUSIONS,
  REMOTE_KINDS,
  whatHappened,
} from '../services/explanation-texts.ts';
import type { RemoteOrigin } from '../services/remote-origin.ts';
import { moneyText } from './budget-texts.ts';
import { timeText } from './key-texts.ts';
import { printable, table } from './print.ts';

/** Where to look for what the record does not say. */
const WHERE: Partial<Record<Exclusion, string>> = { banned: 'why: tollgate list-credentials' };

const shown = (credential: string) => (credential === CALLER ? CALLERS_OWN : credential);

/** A call's story from what was asked to what it cost, for people to read. */
export function explanationLines(told: Explanation): string[] {
  const { record, attempts } = told;
  return [
    `Request ${record.id}`,
    ...facts([
      ['Time', timeText(new Date(record.startedAtMs))],
      ['Key', told.key],
      ['Asked', `${record.model || '(no model)'} at ${record.endpoint}${streamText(record)}`],
    ]),
    '',
    ...(told.remote === null ? wayLines(told) : remoteLines(told.remote)),
    '',
    'Result',
    ...facts([
      ['Outcome', `${record.outcome}: ${whatHappened(record)}`],
      ...(told.remote === null ? servedFacts(told) : heldFacts(record)),
      ['Usage', usageText(record)],
      ...anomalyFacts(attempts),
      ['Cost', `$${usdFromNano(record.costNano)}${record.isPriced ? '' : ' at least: unpriced'}`],
      ...adjustmentFacts(told),
    ]),
  ];
}

type Fact = readonly [label: string, text: string];

const LABEL_WIDTH = 14;

/** Later lines of the same label stand under the first. */
const facts = (rows: readonly Fact[]): string[] =>
  rows.map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH)}${printable(text)}`);

const wayLines = ({ pool, route, attempts }: Explanation): string[] => [
  'Route',
  ...(route === null
    ? ['  The call was never routed.']
    : facts([['Pool', pool], ...routeFacts(route)])),
  '',
  'Attempts',
  ...(attempts.length === 0 ? ['  Nobody was asked.'] : attemptLines(attempts)),
];

const remoteLines = ({ kind, actor, idempotencyId, provider }: RemoteOrigin): string[] => [
  'Origin',
  ...facts([
    ['Call', REMOTE_KINDS[kind]],
    ['Told by', actor],
    ['Its own id', idempotencyId],
    ['Provider', provider || '(not said)'],
  ]),
];

const servedFacts = ({ record, credential }: Explanation): Fact[] => [
  ['Client saw', `${record.status} (${record.reason}) after ${durationText(record)}`],
  ['Served by', shown(credential) || '(nobody)'],
];

/** Nothing was held for one that was told when it was over. */
const heldFacts = ({ holdNano }: UsageRecord): Fact[] =>
  holdNano === 0n ? [] : [['Held', moneyText(holdNano)]];

function routeFacts(route: RouteNote): Fact[] {
  const { strategy, order, excluded, draws, isPanic } = route;
  const left = excluded.map(({ credential, reason, untilMs }) => {
    const until = untilMs === undefined ? '' : ` until ${timeText(new Date(untilMs))}`;
    return `${credential}: ${reason}${until} (${WHERE[reason] ?? EXCLUSIONS[reason]})`;
  });
  return [
    ...(strategy === CALLER ? [] : [['Strategy', strategy] as const]),
    ['Order', order.length === 0 ? '(nobody was left)' : order.map(shown).join(', ')],
    ...left.map((text, index) => [index === 0 ? 'Left out' : '', text] as const),
    ...(draws === undefined
      ? []
      : [['Draws', draws.map((drawn) => drawn.toFixed(4)).join(', ')] as const]),
    ...(isPanic === undefined
      ? []
      : [['Panic', 'too few origins were well, so ejected ones were asked too'] as const]),
  ];
}

function attemptLines(attempts: Explanation['attempts']): string[] {
  const rows = attempts.map(({ credential, model, status, verdict, ms }, index) => [
    String(index + 1),
    shown(credential),
    model ?? 'as asked',
    status === 0 ? 'no answer' : String(status),
    verdict,
    String(ms),
  ]);
  const text = table(['#', 'Credential', 'Model', 'Status', 'Verdict', 'ms'], rows);
  return text.split('\n').map((line) => `  ${line}`);
}

function anomalyFacts(attempts: Explanation['attempts']): Fact[] {
  const anomalies = attempts.flatMap((attempt) => attempt.anomalies ?? []);
  return anomalies.map((anomaly, index) => [
    index === 0 ? 'Anomalies' : '',
    `${anomaly}: ${ANOMALIES[anomaly]}`,
  ]);
}

const REASONS: Record<Adjustment['reason'], string> = {
  reprice: 'priced anew',
  operator: 'an operator said so',
  late: 'told after its reservation had expired',
};

/** How the cost came to be another since, and what it is by now. */
function adjustmentFacts({ record, adjustments }: Explanation): Fact[] {
  if (adjustments.length === 0) return [];
  const made = adjustments.map(({ deltaNano, atMs, actor, reason, note }, index): Fact => {
    const sign = deltaNano < 0n ? '' : '+';
    const how = `${sign}${moneyText(deltaNano)} on ${timeText(new Date(atMs))} by ${actor}`;
    const why = note === null ? REASONS[reason] : `${REASONS[reason]}: ${note}`;
    return [index === 0 ? 'Adjusted' : '', `${how} (${why})`];
  });
  const nowNano = adjustments.reduce((sum, { deltaNano }) => sum + deltaNano, record.costNano);
  return [...made, ['Cost now', moneyText(nowNano)]];
}

const streamText = ({ isStream }: UsageRecord) => (isStream ? ', as a stream' : '');

const durationText = ({ durationMs, firstByteMs }: UsageRecord) =>
  `${durationMs} ms${firstByteMs === null ? '' : `, first byte after ${firstByteMs} ms`}`;

function usageText(record: UsageRecord): string {
  const counts = USAGE_CLASSES.flatMap((usageClass) =>
    record[usageClass] === 0 ? [] : [`${record[usageClass]} ${usageClass}`],
  );
  return counts.length === 0 ? 'none' : `${counts.join(', ')} (${record.usageSource})`;
}
