import type { BudgetScope } from '../../entities/budget-scope.ts';
import type { Budget } from '../../entities/budget.ts';

/** Whose call it is; null where there is none. */
export type BudgetSubjects = Readonly<Record<BudgetScope, string | null>>;

type Decided = Pick<
  Budget,
  | 'id'
  | 'scope'
  | 'subjectId'
  | 'capNano'
  | 'raiseNano'
  | 'raisedUntil'
  | 'period'
  | 'zone'
  | 'isHard'
  | 'isStrict'
  | 'alertPercents'
  | 'isEnabled'
>;

/** A budget as the store knows it. */
export interface BudgetState extends Readonly<Decided> {
  /** Nano-USD settled in the current period, by the ledger. */
  readonly settledNano: bigint;
}

/** What an operator decided, with what follows from it for a time. */
export interface Terms {
  readonly state: BudgetState;
  /** The cap in force: with the raise while that lasts. */
  readonly capNano: bigint;
  /** Lowest first. */
  readonly thresholds: readonly Threshold[];
}

interface Threshold {
  readonly percent: number;
  /** The least sum that is this part of the cap. */
  readonly nano: bigint;
}

/** Percentages are taken to the thousandth. */
const PARTS_PER_PERCENT = 1000;
const PARTS = 100n * BigInt(PARTS_PER_PERCENT);

export function termsOf(state: BudgetState, capNano: bigint): Terms {
  const percents = new Set(state.alertPercents);
  // All that a soft budget does is tell, so it tells at least when it is used up.
  if (!state.isHard) percents.add(100);
  const thresholds = [...percents]
    .toSorted((left, right) => left - right)
    .map((percent) => ({ percent, nano: partOf(capNano, percent) }));
  return { state, capNano, thresholds };
}

function partOf(capNano: bigint, percent: number): bigint {
  const parts = capNano * BigInt(Math.round(percent * PARTS_PER_PERCENT));
  return (parts + PARTS - 1n) / PARTS;
}
