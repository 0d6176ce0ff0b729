import type { BudgetScope } from '../../entities/budget-scope.ts';
import type { Period } from './period.ts';
import type { Terms } from './terms.ts';

/** Why a budget refuses. Amounts in nano-USD, as they were when it did. */
export interface BudgetRefusal {
  readonly budgetId: string;
  readonly scope: BudgetScope;
  readonly subjectId: string;
  readonly capNano: bigint;
  readonly settledNano: bigint;
  readonly heldNano: bigint;
  /** What was asked for. */
  readonly amountNano: bigint;
  /** Epoch milliseconds; null is never. */
  readonly resetsAtMs: number | null;
}

/** Settled money has reached a part of the cap. */
export interface BudgetAlert {
  readonly budgetId: string;
  readonly percent: number;
  readonly settledNano: bigint;
  readonly capNano: bigint;
  readonly periodStartMs: number;
}

/** Whose money is counted; its terms may change while a tally lives. */
export interface TallyOwner {
  /** Those in force at a time; one raise of the cap may end between two looks. */
  termsAt(nowMs: number): Terms;
  onAlert(alert: BudgetAlert): void;
}

/** Money held by a call that is under way. */
export interface Held {
  readonly id: string;
  readonly amountNano: bigint;
  readonly sinceMs: number;
  /** From now on it burdens the other one. */
  move(from: Tally, to: Tally): void;
}

/**
 * The money of one budget in one period. A hold belongs to the tally that admitted it until it is
 * resolved, so a period that is over keeps its own cap for the calls that it let in.
 */
export class Tally {
  readonly period: Period;
  readonly owner: TallyOwner;
  readonly #holds = new Set<Held>();
  readonly #told = new Set<number>();
  #settledNano: bigint;
  /** Always the sum of #holds. */
  #heldNano = 0n;

  constructor(
    owner: TallyOwner,
    { period, settledNano, terms }: { period: Period; settledNano: bigint; terms: Terms },
  ) {
    this.owner = owner;
    this.period = period;
    this.#settledNano = settledNano;
    // These were told when they were reached: a restart does not repeat them.
    for (const { percent, nano } of terms.thresholds) {
      if (settledNano > 0n && settledNano >= nano) this.#told.add(percent);
    }
  }

  get settledNano(): bigint {
    return this.#settledNano;
  }

  /** Settled plus live holds: the number that refusals go by. */
  get enforcedNano(): bigint {
    return this.#settledNano + this.#heldNano;
  }

  get holds(): ReadonlySet<Held> {
    return this.#holds;
  }

  /** Whether so much more passes the cap of a hard budget. What costs nothing never does. */
  wouldExceed(amountNano: bigint, nowMs: number): boolean {
    const { state, capNano } = this.owner.termsAt(nowMs);
    const isBound = state.isEnabled && state.isHard && amountNano > 0n;
    return isBound && this.enforcedNano + amountNano > capNano;
  }

  refusal(amountNano: bigint, nowMs: number): BudgetRefusal {
    const { state, capNano } = this.owner.termsAt(nowMs);
    const { id, scope, subjectId } = state;
    return {
      budgetId: id,
      scope,
      subjectId,
      capNano,
      settledNano: this.#settledNano,
      heldNano: this.#heldNano,
      amountNano,
      resetsAtMs: Number.isFinite(this.period.endMs) ? this.period.endMs : null,
    };
  }

  add(hold: Held): void {
    this.#holds.add(hold);
    this.#heldNano += hold.amountNano;
  }

  /** One of its holds grows by so much; negative: shrinks. */
  extend(amountNano: bigint): void {
    this.#heldNano += amountNano;
  }

  /** One of its holds becomes a cost. */
  settle(hold: Held, costNano: bigint): void {
    this.#holds.delete(hold);
    this.#heldNano -= hold.amountNano;
    this.#settledNano += costNano;
  }

  adjust(deltaNano: bigint): void {
    this.#settledNano += deltaNano;
  }

  /** What the ledger says after it was corrected. */
  recount(settledNano: bigint, nowMs: number): void {
    this.#settledNano = settledNano;
    this.tell(nowMs);
  }

  /** Hands over the holds of calls admitted at or after the other's start. */
  handOver(to: Tally): void {
    for (const hold of this.#holds) {
      if (hold.sinceMs < to.period.startMs) continue;
      this.settle(hold, 0n);
      hold.move(this, to);
      to.add(hold);
    }
  }

  /** Under another cap, a percentage that is no longer reached can be reached again. */
  rearm(nowMs: number): void {
    const { thresholds } = this.owner.termsAt(nowMs);
    for (const percent of this.#told) {
      const threshold = thresholds.find((one) => one.percent === percent);
      if (threshold === undefined || this.#settledNano < threshold.nano) this.#told.delete(percent);
    }
  }

  /** Tells what settled money has reached, each percentage once per period and cap. */
  tell(nowMs: number): void {
    const { state, capNano, thresholds } = this.owner.termsAt(nowMs);
    if (!state.isEnabled) return;
    for (const { percent, nano } of thresholds) {
      if (this.#settledNano < nano) return;
      if (this.#told.has(percent)) continue;
      this.#told.add(percent);
      this.owner.onAlert({
        budgetId: state.id,
        percent,
        settledNano: this.#settledNano,
        capNano,
        periodStartMs: this.period.startMs,
      });
    }
  }
}

/** The refusal that lasts longest; null if all have room. Changes nothing. */
export function refusalAmong(
  tallies: readonly Tally[],
  amountNano: bigint,
  nowMs: number,
): BudgetRefusal | null {
  let last: Tally | undefined;
  for (const tally of tallies) {
    if (!tally.wouldExceed(amountNano, nowMs)) continue;
    if (last === undefined || tally.period.endMs > last.period.endMs) last = tally;
  }
  return last?.refusal(amountNano, nowMs) ?? null;
}
