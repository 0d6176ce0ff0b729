import type { EntityManager } from '@mikro-orm/sqlite';
import { capAt } from '../accounting/budgets/cap.ts';
import { periodOf } from '../accounting/budgets/period.ts';
import type { Budget } from '../entities/budget.ts';
import type { Reader } from './reader/reader.ts';
import { takenInEach } from './spend-of-many.ts';
import type { TakenSums } from './spend-of-many.ts';
import { takenIn } from './spend.ts';
import type { SpendRange } from './spend.ts';
import { namesOf, subjectNames } from './subject-names.ts';

/** A budget with what its current period has taken, by the store. Nano-USD. */
export interface BudgetStanding {
  budget: Budget;
  /** Its id when it has no name any more. */
  subject: string;
  /** The cap in force: with the raise while that lasts. */
  capNano: bigint;
  startMs: number;
  /** Null when it never resets. */
  resetsAtMs: number | null;
  settledNano: bigint;
  heldNano: bigint;
  /** Negative when more was spent than the cap in force. */
  remainingNano: bigint;
}

export interface HoldExplained {
  /** The request id. */
  id: string;
  key: string;
  model: string;
  amountNano: bigint;
  ageMs: number;
}

export interface BudgetExplained extends BudgetStanding {
  /** Oldest first. */
  holds: HoldExplained[];
  /** What was settled, added up anew from the records. */
  recordedNano: bigint;
  isEqual: boolean;
}

/** Where names are, and what is taken. */
export interface StandingParts {
  em: EntityManager;
  reader: Reader;
}

/** So many budgets are looked up by one statement. */
const AT_ONCE = 500;

/** How each of them stands, in order. */
export async function standingsOf(
  { em, reader }: StandingParts,
  budgets: readonly Budget[],
  nowMs: number,
): Promise<BudgetStanding[]> {
  const standings: BudgetStanding[] = [];
  for (let at = 0; at < budgets.length; at += AT_ONCE) {
    const some = budgets.slice(at, at + AT_ONCE);
    const taken = await takenInEach(
      reader,
      some.map((budget) => rangeOf(budget, nowMs)),
    );
    const subjects = await subjectNames(em.fork(), some);
    for (const [number, budget] of some.entries()) {
      const subject = subjects[number] ?? budget.subjectId;
      standings.push(standingFrom(budget, { subject, nowMs, ...(taken[number] ?? NOTHING) }));
    }
  }
  return standings;
}

export async function standingOf(
  parts: StandingParts,
  budget: Budget,
  nowMs: number,
): Promise<BudgetStanding> {
  const [standing] = await standingsOf(parts, [budget], nowMs);
  if (standing === undefined) throw new Error('every budget has a standing');
  return standing;
}

export async function explained(
  { em: parent, reader }: StandingParts,
  budget: Budget,
  nowMs: number,
): Promise<BudgetExplained> {
  const em = parent.fork();
  const taken = await takenIn(reader, rangeOf(budget, nowMs), { isProved: true });
  const { holds, recordedNano, settledNano } = taken;
  const heldNano = holds.reduce((sum, { amountNano }) => sum + amountNano, 0n);
  const [subject = budget.subjectId] = await subjectNames(em, [budget]);
  const keyIds = holds.map(({ keyId }) => keyId);
  const names = await namesOf(em, 'key', keyIds);
  return {
    ...standingFrom(budget, { subject, nowMs, settledNano, heldNano }),
    holds: holds.map(({ id, keyId, model, amountNano, createdAtMs }) => ({
      id,
      key: names.get(keyId) ?? keyId,
      model,
      amountNano,
      ageMs: Math.max(0, nowMs - createdAtMs),
    })),
    recordedNano,
    isEqual: recordedNano === settledNano,
  };
}

const NOTHING: TakenSums = { settledNano: 0n, heldNano: 0n };

function rangeOf({ scope, subjectId, period, zone }: Budget, nowMs: number): SpendRange {
  return { scope, subjectId, ...periodOf(period, zone, nowMs) };
}

function standingFrom(
  budget: Budget,
  { subject, nowMs, settledNano, heldNano }: TakenSums & { subject: string; nowMs: number },
): BudgetStanding {
  const { startMs, endMs } = rangeOf(budget, nowMs);
  const capNano = capAt(budget, nowMs);
  return {
    budget,
    subject,
    capNano,
    startMs,
    resetsAtMs: Number.isFinite(endMs) ? endMs : null,
    settledNano,
    heldNano,
    remainingNano: capNano - settledNano - heldNano,
  };
}
