import type { BudgetSubjects } from '../../../../src/accounting/budgets/terms.ts';
import type { HoldFacts } from '../../../../src/accounting/budgets/budget-hold.ts';
import { periodOf } from '../../../../src/accounting/budgets/period.ts';
import type { Period } from '../../../../src/accounting/budgets/period.ts';
import type { BudgetRefusal } from '../../../../src/accounting/budgets/tally.ts';
import type { BudgetState } from '../../../../src/accounting/budgets/terms.ts';

/** One budget in one period. */
interface Page {
  owner: Owner;
  period: Period;
  told: Set<number>;
}

interface Owner {
  state: BudgetState;
  page: Page;
  isRemoved: boolean;
  /** What a raise adds to the cap; 0 once it is over. */
  raiseNano: bigint;
}

/** What a budget book writes down; nothing is ever summed but by reading all rows again. */
interface Row {
  page: Page;
  /** Null once it is settled. */
  call: Call | null;
  nano: bigint;
}

export interface Call {
  id: string;
  subjects: BudgetSubjects;
  sinceMs: number;
  nano: bigint;
  isOpen: boolean;
}

const raiseOf = ({ raiseNano, raisedUntil }: BudgetState, nowMs: number): bigint =>
  raisedUntil !== null && raisedUntil.getTime() > nowMs ? raiseNano : 0n;

const capOf = ({ state, raiseNano }: Owner): bigint => state.capNano + raiseNano;

/** As a look at this time would find it; changes nothing. */
const capLeft = (owner: Owner, nowMs: number): bigint =>
  isOver(owner, nowMs) ? owner.state.capNano : capOf(owner);

const isOver = ({ state, raiseNano, isRemoved }: Owner, nowMs: number): boolean =>
  !isRemoved && raiseNano > 0n && raiseOf(state, nowMs) === 0n;

/**
 * The book of budgets once more, as plainly as can be: a list of rows and no running figure. It is
 * slow, and the judge of the real one.
 */
export class RowBudgets {
  readonly owners = new Map<string, Owner>();
  readonly alerts: [string, number, bigint, number][] = [];
  #rows: Row[] = [];
  /** Also those that no budget applied to. */
  #calls: Call[] = [];

  put(state: BudgetState, nowMs: number): void {
    const known = this.owners.get(state.id);
    if (known === undefined) {
      const owner = { state, isRemoved: false, raiseNano: raiseOf(state, nowMs) } as Owner;
      this.owners.set(state.id, owner);
      owner.page = this.#newPage(owner, nowMs, state.settledNano);
      this.#adopt(owner);
      return;
    }
    this.#look(known, nowMs);
    const before = known.state;
    const capBefore = capOf(known);
    known.state = state;
    known.raiseNano = raiseOf(state, nowMs);
    if (before.period === state.period && before.zone === state.zone) {
      if (capBefore !== capOf(known)) this.#recap(known);
      return;
    }
    known.page = this.#newPage(known, nowMs, state.settledNano);
    for (const row of this.#rows) {
      if (row.call === null || row.page.owner !== known) continue;
      if (row.call.sinceMs >= known.page.period.startMs) row.page = known.page;
    }
    this.#adopt(known);
  }

  /** Calls of its period that no row of it tells of. */
  #adopt({ state, page }: Owner): void {
    for (const call of this.#calls) {
      const isIts = call.subjects[state.scope] === state.subjectId;
      if (!call.isOpen || !isIts || call.sinceMs < page.period.startMs) continue;
      if (this.#rows.some((row) => row.page === page && row.call === call)) continue;
      this.#rows.push({ page, call, nano: call.nano });
    }
  }

  remove(id: string): void {
    const owner = this.owners.get(id);
    if (owner === undefined) return;
    owner.isRemoved = true;
    this.owners.delete(id);
  }

  find(subjects: BudgetSubjects): Owner[] {
    return [...this.owners.values()].filter(
      ({ state }) => subjects[state.scope] === state.subjectId,
    );
  }

  refusal(
    owners: Owner[],
    amountNano: bigint,
    nowMs: number,
  ): Omit<BudgetRefusal, 'scope' | 'subjectId'>[] {
    for (const owner of owners) this.#look(owner, nowMs);
    return this.#refusals(
      owners.map(({ page }) => page),
      amountNano,
    );
  }

  hold(owners: Owner[], facts: HoldFacts): Call {
    const { amountNano: nano, ...rest } = facts;
    const call = { ...rest, nano, isOpen: true };
    this.#calls.push(call);
    for (const { page } of owners) this.#rows.push({ page, call, nano });
    return call;
  }

  /** All refusals that may be given; none if it was extended. */
  extend(call: Call, nano: bigint, nowMs: number) {
    const rows = this.#rows.filter((row) => row.call === call);
    for (const { page } of rows) this.#endRaise(page.owner, nowMs);
    const refusals = this.#refusals(
      rows.map(({ page }) => page),
      nano,
    );
    if (refusals.length > 0 || !call.isOpen) return refusals;
    call.nano += nano;
    for (const row of rows) row.nano += nano;
    return refusals;
  }

  /** Returns the overrun. */
  settle(call: Call, costNano: bigint, nowMs: number): bigint {
    const rows = this.#rows.filter((row) => row.call === call);
    const heldNano = call.isOpen ? call.nano : costNano;
    for (const row of rows) Object.assign(row, { call: null, nano: costNano });
    call.isOpen = false;
    for (const { page } of costNano > 0n ? rows : []) {
      this.#endRaise(page.owner, nowMs);
      this.#tell(page);
    }
    return costNano > heldNano ? costNano - heldNano : 0n;
  }

  /** Only for times that are not before the current period. */
  adjust(id: string, nano: bigint, nowMs: number): void {
    const owner = this.owners.get(id);
    if (owner === undefined) return;
    this.#look(owner, nowMs);
    this.#rows.push({ page: owner.page, call: null, nano });
    if (nano > 0n) this.#tell(owner.page);
  }

  explain(id: string, nowMs: number) {
    const owner = this.owners.get(id)!;
    this.#look(owner, nowMs);
    const rows = this.#rows.filter(({ page }) => page === owner.page);
    const holds = rows.filter(({ call }) => call !== null);
    return {
      periodStartMs: owner.page.period.startMs,
      settledNano: this.#sum(owner.page, (row) => row.call === null),
      holds: holds.map(({ call, nano }) => `${call?.id} ${nano} ${call?.sinceMs}`).toSorted(),
      enforcedNano: this.#sum(owner.page),
      capNano: capOf(owner),
    };
  }

  /** Pages that hold or settled more than the cap; only what a settlement or terms did may do that. */
  pagesPastCap(nowMs: number): Set<Page> {
    return new Set(
      this.#rows
        .map(({ page }) => page)
        .filter(({ owner }) => owner.state.isHard && owner.state.isEnabled && !owner.isRemoved)
        .filter((page) => this.#sum(page) > capLeft(page.owner, nowMs)),
    );
  }

  #refusals(pages: Page[], amountNano: bigint) {
    const refusing = pages.filter(
      (page) =>
        amountNano > 0n &&
        page.owner.state.isHard &&
        page.owner.state.isEnabled &&
        !page.owner.isRemoved &&
        this.#sum(page) + amountNano > capOf(page.owner),
    );
    const lastMs = Math.max(...refusing.map(({ period }) => period.endMs));
    return refusing
      .filter(({ period }) => period.endMs === lastMs)
      .map((page) => ({
        budgetId: page.owner.state.id,
        capNano: capOf(page.owner),
        settledNano: this.#sum(page, (row) => row.call === null),
        heldNano: this.#sum(page, (row) => row.call !== null),
        amountNano,
        resetsAtMs: lastMs === Infinity ? null : lastMs,
      }));
  }

  #sum(page: Page, counts: (row: Row) => boolean = () => true): bigint {
    return this.#rows
      .filter((row) => row.page === page && counts(row))
      .reduce((sum, { nano }) => sum + nano, 0n);
  }

  #look(owner: Owner, nowMs: number): void {
    if (nowMs >= owner.page.period.endMs) {
      // What ends with an earlier period tells nothing in the new one.
      if (isOver(owner, nowMs)) owner.raiseNano = 0n;
      owner.page = this.#newPage(owner, nowMs, 0n);
    }
    this.#endRaise(owner, nowMs);
  }

  #endRaise(owner: Owner, nowMs: number): void {
    if (!isOver(owner, nowMs)) return;
    owner.raiseNano = 0n;
    this.#recap(owner);
  }

  /** The cap is another. */
  #recap(owner: Owner): void {
    const { page } = owner;
    const percents = this.#percents(owner);
    for (const percent of page.told) {
      const isStill = percents.includes(percent) && this.#isReached(page, percent);
      if (!isStill) page.told.delete(percent);
    }
    if (this.#sum(page, (row) => row.call === null) > 0n) this.#tell(page);
  }

  #newPage(owner: Owner, nowMs: number, settledNano: bigint): Page {
    const period = periodOf(owner.state.period, owner.state.zone, nowMs);
    const page = { owner, period, told: new Set<number>() };
    this.#rows.push({ page, call: null, nano: settledNano });
    if (settledNano > 0n) {
      for (const percent of this.#percents(owner)) {
        if (this.#isReached(page, percent)) page.told.add(percent);
      }
    }
    return page;
  }

  #percents({ state }: Owner): number[] {
    const all = new Set([...state.alertPercents, ...(state.isHard ? [] : [100])]);
    return [...all].toSorted((left, right) => left - right);
  }

  #isReached(page: Page, percent: number): boolean {
    const settledNano = this.#sum(page, (row) => row.call === null);
    return settledNano * 100n >= capOf(page.owner) * BigInt(percent);
  }

  #tell(page: Page): void {
    const { owner, told, period } = page;
    if (!owner.state.isEnabled || owner.isRemoved) return;
    for (const percent of this.#percents(owner)) {
      if (told.has(percent) || !this.#isReached(page, percent)) continue;
      told.add(percent);
      const settledNano = this.#sum(page, (row) => row.call === null);
      this.alerts.push([owner.state.id, percent, settledNano, period.startMs]);
    }
  }
}
