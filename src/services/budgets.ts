import { raw } from '@mikro-orm/core';
import type { EntityManager, FilterQuery } from '@mikro-orm/sqlite';
import { Budget } from '../entities/budget.ts';
import type { BudgetPeriod } from '../entities/budget.ts';
import { BUDGET_SCOPES } from '../entities/budget-scope.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { pageInput, raiseInput, setInput, updateInput } from './budget-input.ts';
import type {
  PageBudgetsInput,
  RaiseBudgetInput,
  SetBudgetInput,
  UpdateBudgetInput,
} from './budget-input.ts';
import { explained, standingOf, standingsOf } from './budget-standing.ts';
import type { BudgetExplained, BudgetStanding, StandingParts } from './budget-standing.ts';
import { assignGiven, nothing } from './fields.ts';
import { pageOf, placesOf } from './keyset.ts';
import { budgetFacts, DEFAULT_PERIOD, newBudget } from './new-budget.ts';
import type { Actor } from './actor.ts';
import { perform, validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { ownBudgets } from './own.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import { budgetNamed, subjectNamed, subjectOnRecord } from './subject-named.ts';
import { subjectNames } from './subject-names.ts';
import type { SubjectId } from './subject-names.ts';

/**
 * Budgets: set, changed, raised for a time, removed, explained. They are named by id or the start of
 * one. A subject has at most one for each kind of period, so that the one that was meant is the one
 * that is enforced. Users see those of their keys, and their own.
 */
export class BudgetService {
  readonly #parts: ServiceParts & StandingParts;

  constructor(parts: ServiceParts & StandingParts) {
    this.#parts = parts;
  }

  /** Where the subject has a budget of this kind of period, changes it: what is absent stays. */
  async set(actor: Actor, input: SetBudgetInput): Promise<BudgetStanding> {
    const asked = { actor, operation: 'setBudget', schema: setInput, input } as const;
    const budget = await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const { scope, subject, cap, ...given } = wanted;
      const period = given.period ?? DEFAULT_PERIOD;
      const { id: subjectId } = await subjectNamed(tx, scope, subject);
      const now = new Date(this.#parts.clock.now());
      const known = await tx.findOne(Budget, { scope, subjectId, period });
      const before = known === null ? undefined : budgetFacts(known);
      const row = known ?? newBudget(tx, { scope, subjectId, capNano: cap }, now);
      assignGiven(row, { ...given, period, capNano: cap, updatedAt: now });
      const type = before === undefined ? 'budget.set' : 'budget.updated';
      note({ type, subject: row.id, before, after: budgetFacts(row) });
      return row;
    });
    return await this.#standing(budget);
  }

  /** Absent fields stay as they are. */
  async update(actor: Actor, id: string, input: UpdateBudgetInput): Promise<BudgetStanding> {
    const asked = { actor, operation: 'updateBudget', schema: updateInput, input, of: id } as const;
    const budget = await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const { cap, ...given } = wanted;
      const row = await budgetNamed(tx, id);
      if (given.period !== undefined) await assertFree(tx, row, given.period);
      const before = budgetFacts(row);
      const updatedAt = new Date(this.#parts.clock.now());
      assignGiven(row, { ...given, capNano: cap, updatedAt });
      note({ type: 'budget.updated', subject: row.id, before, after: budgetFacts(row) });
      return row;
    });
    return await this.#standing(budget);
  }

  /** Adds to the cap until a time; replaces the raise before. By nothing, or until null, ends it. */
  async raise(actor: Actor, id: string, input: RaiseBudgetInput): Promise<BudgetStanding> {
    const asked = { actor, operation: 'raiseBudget', schema: raiseInput, input, of: id } as const;
    const budget = await perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const nowMs = this.#parts.clock.now();
      const row = await budgetNamed(tx, id);
      const before = budgetFacts(row);
      const { by, until = null } = wanted;
      const isEnd = by === 0n || until === null;
      if (!isEnd && until <= nowMs) throw inThePast();
      row.raiseNano = isEnd ? 0n : by;
      row.raisedUntil = isEnd ? null : new Date(until);
      row.updatedAt = new Date(nowMs);
      note({ type: 'budget.raised', subject: row.id, before, after: budgetFacts(row) });
      return row;
    });
    return await this.#standing(budget);
  }

  /** What was spent stays on record, and counts for a budget that is set later. */
  async remove(actor: Actor, id: string): Promise<Budget> {
    const asked = { actor, operation: 'removeBudget', schema: nothing, input: {}, of: id } as const;
    return await perform(this.#parts, asked, async ({ tx, note }) => {
      const row = await budgetNamed(tx, id);
      tx.remove(row);
      note({ type: 'budget.removed', subject: row.id, before: budgetFacts(row) });
      return row;
    });
  }

  /** Oldest first, with what is spent and held now. */
  async list(actor: Actor): Promise<BudgetStanding[]> {
    permit(actor, 'budgets');
    const where = ownOnly(actor);
    const order = { createdAt: 'asc', id: 'asc' } as const;
    const all = await this.#parts.em.fork().find(Budget, where, { orderBy: order });
    return await this.standings(actor, all);
  }

  /** Oldest first. */
  async page(actor: Actor, input: PageBudgetsInput = {}): Promise<Page<Budget>> {
    permit(actor, 'budgets');
    const { scope, subject, isEnabled, first, after } = validated(pageInput, input);
    const em = this.#parts.em.fork();
    const where = ownBudgets(actor);
    if (scope !== undefined) where.push({ sql: 'scope = ?', values: [scope] });
    if (scope !== undefined && subject !== undefined) {
      const { id } = await subjectOnRecord(em, { scope, text: subject, actor });
      where.push({ sql: 'subject_id = ?', values: [id] });
    }
    if (isEnabled !== undefined) where.push({ sql: 'is_enabled = ?', values: [+isEnabled] });
    const order = { column: 'created_at', isDescending: false } as const;
    const listing = { table: 'budgets', where, order, first, after } as const;
    const found = await placesOf(this.#parts.reader, listing);
    return pageOf(found, await em.find(Budget, { id: { $in: found.places.map(({ id }) => id) } }));
  }

  async get(actor: Actor, id: string): Promise<Budget> {
    permit(actor, 'budget');
    return await budgetNamed(this.#parts.em.fork(), id, ownOnly(actor));
  }

  /** Those that there are still, in no order. */
  async byIds(actor: Actor, ids: readonly string[]): Promise<Budget[]> {
    permit(actor, 'budgets');
    return await this.#parts.em
      .fork()
      .find(Budget, { $and: [{ id: { $in: [...ids] } }, ownOnly(actor)] });
  }

  /** The budgets of each of them, oldest first: one statement. */
  async ofEach(actor: Actor, subjects: readonly SubjectId[]): Promise<Budget[][]> {
    permit(actor, 'budgets');
    const theirs = BUDGET_SCOPES.flatMap((scope) => {
      const its = subjects.filter((one) => one.scope === scope);
      const subjectId = { $in: [...new Set(its.map((one) => one.subjectId))] };
      return its.length === 0 ? [] : [{ scope, subjectId }];
    });
    const where = { $and: [{ $or: theirs }, ownOnly(actor)] };
    const order = { createdAt: 'asc', id: 'asc' } as const;
    const all = await this.#parts.em.fork().find(Budget, where, { orderBy: order });
    return subjects.map(({ scope, subjectId }) =>
      all.filter((row) => row.scope === scope && row.subjectId === subjectId),
    );
  }

  /** How each of them stands, in order, whatever their number: a few statements. */
  async standings(actor: Actor, budgets: readonly Budget[]): Promise<BudgetStanding[]> {
    permit(actor, 'budgets');
    return await standingsOf(this.#parts, budgets, this.#parts.clock.now());
  }

  /** What each subject is called, in order; its id when it has no name any more. */
  async subjectNames(actor: Actor, subjects: readonly SubjectId[]): Promise<string[]> {
    permit(actor, 'budgets');
    return await subjectNames(this.#parts.em.fork(), subjects);
  }

  /** Everything that a refusal would go by, and the same sum from the records. */
  async explain(actor: Actor, id: string): Promise<BudgetExplained> {
    const budget = await this.get(actor, id);
    return await explained(this.#parts, budget, this.#parts.clock.now());
  }

  #standing(budget: Budget): Promise<BudgetStanding> {
    return standingOf(this.#parts, budget, this.#parts.clock.now());
  }
}

/** The budgets that an actor may see. */
function ownOnly(actor: Actor): FilterQuery<Budget> {
  const conditions = ownBudgets(actor).map(({ sql, values }) => ({ [raw(sql, [...values])]: [] }));
  return { $and: conditions };
}

const inThePast = (): GatewayError =>
  new GatewayError('invalid_request', 'until: must be a time to come', { param: 'until' });

async function assertFree(
  tx: EntityManager,
  { id, scope, subjectId }: Budget,
  period: BudgetPeriod,
): Promise<void> {
  const other = await tx.findOne(Budget, { scope, subjectId, period, id: { $ne: id } });
  if (other === null) return;
  throw new GatewayError('conflict', `This ${scope} has a ${period} budget already: ${other.id}`, {
    param: 'period',
  });
}
