import type { ClientAnswer } from './prove-client.ts';
import type { TokenPrice } from './prove-call.ts';
import { moneyText } from './budget-texts.ts';

/** A call as the upstream saw it. */
export interface WitnessedCall {
  /** The gateway's request id. */
  id: string;
  isStream: boolean;
  /** As it was told; null when it was not. */
  usage: object | null;
}

/** A call as the ledger has it. */
export interface RecordedCall {
  id: string;
  isStream: boolean;
  costNano: bigint;
}

/** What everybody says of one attack. Nano-USD. */
export interface Evidence {
  capNano: bigint;
  /** Calls that the cap pays for. */
  expected: number;
  price: TokenPrice;
  answers: readonly ClientAnswer[];
  witnessed: readonly WitnessedCall[];
  records: readonly RecordedCall[];
  budget: {
    settledNano: bigint;
    /** The same, added up from the records. */
    recordedNano: bigint;
    /** When all calls were over. */
    heldNano: bigint;
    /** Settled and held, the most that was seen at any moment. */
    mostNano: bigint;
  };
}

export interface Verdict {
  /** The cap was kept, and all that was seen fits together. */
  isProved: boolean;
  /** The cap was passed. */
  isBroken: boolean;
  passed: number;
  /** By the usage that the upstream told. */
  spentNano: bigint;
  /** What is wrong, a line for each; empty when it is proved. */
  findings: string[];
}

/** Sets what clients, the upstream, the ledger and the budget say against each other. */
export function judge(evidence: Evidence): Verdict {
  const passed = evidence.answers.filter(({ status }) => status === 200);
  const costs = evidence.witnessed.map(
    ({ id, usage }) => [id, toldCost(usage, evidence.price)] as const,
  );
  const spentNano = costs.reduce((sum, [, cost]) => sum + (cost ?? 0n), 0n);
  const breaches = breachesIn(evidence, passed.length, spentNano);
  const doubts = [
    ...answerDoubts(evidence, passed),
    ...witnessDoubts(evidence, passed),
    ...ledgerDoubts(evidence, new Map(costs)),
    ...budgetDoubts(evidence, spentNano),
  ];
  const findings = [...breaches, ...doubts];
  const isBroken = breaches.length > 0;
  return { isProved: findings.length === 0, isBroken, passed: passed.length, spentNano, findings };
}

const PER_PRICE = 1_000_000n;

/**
 * What a told usage costs, added up here and not by the accounting that is judged; null for one that
 * does not tell both counts.
 */
export function toldCost(usage: object | null, price: TokenPrice): bigint | null {
  const { prompt_tokens: input, completion_tokens: output } = (usage ?? {}) as Record<
    string,
    unknown
  >;
  if (!isCount(input) || !isCount(output)) return null;
  const scaled = BigInt(input) * price.input + BigInt(output) * price.output;
  return scaled / PER_PRICE + (scaled % PER_PRICE === 0n ? 0n : 1n);
}

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

function breachesIn(
  { capNano, expected, records, budget }: Evidence,
  passed: number,
  spentNano: bigint,
): string[] {
  const recordedNano = records.reduce((sum, { costNano }) => sum + costNano, 0n);
  const cap = `above the cap of ${moneyText(capNano)}`;
  return [
    ...when(passed > expected, countText(passed, 'answered 200', expected)),
    ...when(spentNano > capNano, `the upstream's usage costs ${moneyText(spentNano)}, ${cap}`),
    ...when(recordedNano > capNano, `the ledger has ${moneyText(recordedNano)}, ${cap}`),
    ...when(
      budget.mostNano > capNano,
      `${moneyText(budget.mostNano)} were spent and held at one moment, ${cap}`,
    ),
  ];
}

function answerDoubts({ answers, expected }: Evidence, passed: readonly ClientAnswer[]): string[] {
  const others = Map.groupBy(
    answers.filter((answer) => answer.status !== 200 && !isRefusal(answer)),
    answerText,
  );
  const broken = passed.filter(({ isWhole }) => !isWhole);
  return [
    ...when(passed.length < expected, countText(passed.length, 'answered 200', expected)),
    ...Array.from(others, ([text, all]) => `${callsText(all.length)} ${text}`),
    ...when(broken.length > 0, `${callsText(broken.length)} answered 200, but not to the end`),
  ];
}

/** Refused by the budget. */
export const isRefusal = ({ status, code }: ClientAnswer): boolean =>
  status === 402 && code === 'insufficient_quota';

function answerText({ status, code }: ClientAnswer): string {
  if (status === 0) return `without an answer: ${code}`;
  const why = code === 'overloaded' ? ' (others were under way too: MAX_IN_FLIGHT)' : '';
  return `answered ${status} ${code}${why}, neither served nor refused by the budget`;
}

function witnessDoubts(
  { witnessed, price, expected }: Evidence,
  passed: readonly ClientAnswer[],
): string[] {
  const seen = new Set(witnessed.map(({ id }) => id));
  const answered = new Set(passed.map(({ id }) => id));
  const untold = witnessed.filter(({ usage }) => toldCost(usage, price) === null);
  const twice = witnessed.length - seen.size;
  return [
    ...when(seen.size > expected, countText(seen.size, 'taken upstream', expected)),
    ...when(twice > 0, `${callsText(twice)} taken upstream a second time`),
    ...listed('answered 200 without reaching the upstream', without(answered, seen)),
    ...listed('not answered 200, but served by the upstream', without(seen, answered)),
    ...listed('served, but not told what it used', new Set(untold.map(({ id }) => id))),
  ];
}

function ledgerDoubts(
  { records, witnessed }: Evidence,
  told: ReadonlyMap<string, bigint | null>,
): string[] {
  const seen = new Set(witnessed.map(({ id }) => id));
  const recorded = new Set(records.map(({ id }) => id));
  const twice = records.length - recorded.size;
  const wrong = records.filter(({ id, costNano }) => (told.get(id) ?? costNano) !== costNano);
  return [
    ...when(twice > 0, `${callsText(twice)} in the ledger twice`),
    ...listed('served, but not in the ledger', without(seen, recorded)),
    ...listed('in the ledger, but not served', without(recorded, seen)),
    ...listed(
      "charged otherwise than the upstream's usage costs (has the server other prices than this command?)",
      new Set(wrong.map(({ id }) => id)),
    ),
  ];
}

function budgetDoubts({ budget }: Evidence, spentNano: bigint): string[] {
  const { settledNano, recordedNano, heldNano } = budget;
  const settled = moneyText(settledNano);
  return [
    ...when(
      settledNano !== recordedNano,
      `the budget has settled ${settled}, and its records sum to ${moneyText(recordedNano)}`,
    ),
    ...when(
      settledNano !== spentNano,
      `the budget has settled ${settled}, and the upstream's usage costs ${moneyText(spentNano)}`,
    ),
    ...when(heldNano !== 0n, `${moneyText(heldNano)} are still held, though every call is over`),
  ];
}

const when = (isSo: boolean, finding: string): string[] => (isSo ? [finding] : []);

const countText = (count: number, what: string, expected: number): string =>
  `${callsText(count)} ${what}: the budget pays for ${expected}`;

const callsText = (count: number): string => (count === 1 ? '1 call was' : `${count} calls were`);

const without = (all: ReadonlySet<string>, others: ReadonlySet<string>): Set<string> =>
  new Set([...all].filter((id) => !others.has(id)));

const NAMED_MAX = 3;

function listed(what: string, ids: ReadonlySet<string>): string[] {
  if (ids.size === 0) return [];
  const named = [...ids].slice(0, NAMED_MAX).map((id) => id || '(no id)');
  const more = ids.size > NAMED_MAX ? ', …' : '';
  return [`${callsText(ids.size)} ${what}: ${named.join(', ')}${more}`];
}
