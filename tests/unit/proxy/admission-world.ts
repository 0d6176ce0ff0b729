import { expect } from '@jest/globals';
import type * as fc from 'fast-check';
import type { BudgetState, BudgetSubjects } from '../../../src/accounting/budgets/terms.ts';
import type { LimitSubject } from '../../../src/accounting/limits.ts';
import type { Ticket } from '../../../src/accounting/ticket.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { RowBudgets } from '../accounting/budgets/row-budgets.ts';
import type { Call } from '../accounting/budgets/row-budgets.ts';
import { Admission, ScheduledLedger, endOf } from './admission.ts';
import type { Ask, Commit } from './admission.ts';
import { LimitRows } from './limit-rows.ts';
import type { TakeLease } from './limit-rows.ts';

/** A call that was admitted, as the real parts and as the lists have it. */
export interface Entry {
  ask: Ask;
  ticket: Ticket;
  row: Call;
  lease: TakeLease;
  commit: Commit;
  heldNano: bigint;
  isSettled: boolean;
}

type Scopes = Record<LimitSubject['scope'], Map<string, Omit<LimitSubject, 'scope' | 'id'>>>;

/** The real parts, and beside them lists of everything that ever happened. */
export class World {
  readonly real: Admission;
  readonly money = new RowBudgets();
  readonly limits = new LimitRows();
  readonly entries: Entry[] = [];
  readonly scopes: Scopes = { key: new Map(), team: new Map() };
  #asked = 0;

  constructor(scheduler: fc.Scheduler) {
    this.real = new Admission(new ScheduledLedger(scheduler));
    this.real.ledger.onRecord = ({ id, costNano }) => this.#charge(id, costNano);
  }

  put(state: BudgetState): void {
    const nowMs = this.real.clock.now();
    this.money.put(state, nowMs);
    this.real.budgets.put(state, nowMs);
  }

  remove(id: string): void {
    this.money.remove(id);
    this.real.budgets.remove(id);
  }

  /** Both say yes, and take the same, or both say no for the same reason, and take nothing. */
  admit(wanted: Omit<Ask, 'id' | 'key'> & { key: string; team: string; user: string }): void {
    const { real, money, limits } = this;
    this.#asked += 1;
    const { key: keyId, team: teamId, user: userId } = wanted;
    const subjects = [this.#limitsOf('key', keyId)];
    if (teamId !== '') subjects.push(this.#limitsOf('team', teamId));
    const key = { id: keyId, teamId, userId, limits: subjects };
    const ask: Ask = { ...wanted, id: `call-${this.#asked}`, key };
    const { tokens, isCallers } = ask;
    const nano = isCallers ? 0n : BigInt(tokens);
    const whose = { key: keyId, team: teamId || null, user: userId || null, pool: 'pool-1' };
    const owners = money.find(whose satisfies BudgetSubjects);
    const nowMs = real.clock.now();
    const pastCap = money.pagesPastCap(nowMs);
    const expected = this.#refusal(subjects, owners, { tokens, nano });
    const ticket = attempt(() => real.admit(ask));
    if (ticket instanceof GatewayError) {
      expect(ticket.code).toBe(expected);
      return;
    }
    expect(expected).toBeNull();
    const commit = real.ledger.commits.get(ask.id);
    if (commit === undefined) throw new Error('a call was admitted without a hold');
    // On disk it has the time that the budgets go by, however long the body took.
    const facts = { amountNano: nano, keyId, teamId, userId, createdAtMs: nowMs };
    expect(commit.draft).toMatchObject(facts);
    this.entries.push({
      ask,
      ticket,
      commit,
      row: money.hold(owners, { id: ask.id, subjects: whose, amountNano: nano, sinceMs: nowMs }),
      lease: limits.take(subjects, tokens, real.clock.monotonic()),
      heldNano: nano,
      isSettled: false,
    });
    if (nano > 0n) expect(money.pagesPastCap(nowMs)).toEqual(pastCap);
  }

  extend(entry: Entry, more: bigint): void {
    const isHeld = entry.ticket.holdsAtLeast(entry.heldNano + more, 0n);
    const isExpected =
      more === 0n ||
      (!entry.isSettled &&
        entry.commit.state === 'written' &&
        this.money.extend(entry.row, more, this.real.clock.now()).length === 0);
    expect(isHeld).toBe(isExpected);
    if (isHeld) entry.heldNano += more;
  }

  settle(entry: Entry, used: number | null): void {
    entry.ticket.settle(endOf(entry.ask, used));
    if (!entry.isSettled) entry.lease.settle(used ?? 0);
    entry.isSettled = true;
  }

  end(entry: Entry): void {
    entry.ticket[Symbol.dispose]();
    entry.lease.end();
  }

  /** After every step: both have the same, to the nano-dollar and to the hold. */
  compare(): void {
    const { real, money, entries } = this;
    for (const { commit, isSettled, row } of entries) {
      if (commit.state === 'refused' && isSettled && row.isOpen)
        money.settle(row, 0n, real.clock.now());
    }
    const nowMs = real.clock.now();
    for (const id of money.owners.keys()) {
      const explained = real.budgets.explain(id, nowMs);
      const {
        periodStartMs,
        settledNano,
        holds = [],
        sumNano,
        enforcedNano,
        capNano,
      } = explained ?? {};
      expect(sumNano).toBe(enforcedNano);
      const listed = holds.map((hold) => `${hold.id} ${hold.amountNano} ${hold.sinceMs}`);
      expect({
        periodStartMs,
        settledNano,
        holds: listed.toSorted(),
        enforcedNano,
        capNano,
      }).toEqual(money.explain(id, nowMs));
    }
  }

  /** Each hold that was written became one record, each that was not none; nothing is reserved. */
  expectAllOver(): void {
    const { real, money, entries } = this;
    this.compare();
    const written = entries.filter(({ commit }) => commit.state === 'written');
    const ids = written.map(({ ask }) => ask.id).toSorted();
    expect(real.ledger.records.map(({ id }) => id).toSorted()).toEqual(ids);
    expect(real.settled.toSorted()).toEqual(ids);
    expect(entries.filter(({ row }) => row.isOpen)).toEqual([]);
    for (const id of money.owners.keys()) {
      const { holds, enforcedNano, settledNano } = real.budgets.explain(id, real.clock.now()) ?? {};
      expect(holds).toEqual([]);
      expect(enforcedNano).toBe(settledNano);
    }
    for (const scope of ['key', 'team'] as const) {
      for (const id of this.scopes[scope].keys()) expect(real.isBusy({ scope, id })).toBe(false);
    }
  }

  /** What a call must be told that may not go on; null when it may. */
  #refusal(
    subjects: LimitSubject[],
    owners: ReturnType<RowBudgets['find']>,
    { tokens, nano }: { tokens: number; nano: bigint },
  ): string | null {
    const { real, money, limits } = this;
    if (limits.isFull(subjects, tokens, real.clock.monotonic())) return 'rate_limit_exceeded';
    if (money.refusal(owners, nano, real.clock.now()).length > 0) return 'insufficient_quota';
    return real.ledger.isFailing ? 'storage_unavailable' : null;
  }

  #limitsOf(scope: LimitSubject['scope'], id: string): LimitSubject {
    const none = { rpm: null, tpm: null, concurrency: null };
    return { scope, id, ...(this.scopes[scope].get(id) ?? none) };
  }

  /** The ledger has the record: it is charged wherever it was held. */
  #charge(id: string, costNano: bigint): void {
    const entry = this.entries.find(({ ask }) => ask.id === id);
    if (entry?.row.isOpen !== true) throw new Error(`${id} was charged twice`);
    const { money } = this;
    const nowMs = this.real.clock.now();
    const pastCap = money.pagesPastCap(nowMs);
    money.settle(entry.row, costNano, nowMs);
    if (costNano > entry.heldNano) return;
    for (const page of money.pagesPastCap(nowMs)) expect(pastCap.has(page)).toBe(true);
  }
}

function attempt(run: () => Ticket): Ticket | GatewayError {
  try {
    return run();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}
