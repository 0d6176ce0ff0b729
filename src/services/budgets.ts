import type { EntityManager } from '@mikro-orm/sqlite';
import { Budget } from '../entities/budget.ts';
import type { BudgetPeriod } from '../entities/budget.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { setInput, updateInput } from './budget-input.ts';
import type { SetBudgetInput, UpdateBudgetInput } from './budget-input.ts';
import { explained, standingOf } from './budget-standing.ts';
import type { BudgetExplained, BudgetStanding } from './budget-standing.ts';
import { assignGiven, nothing } from './fields.ts';
import { budgetFacts, DEFAULT_PERIOD, newBudget } from './new-budget.ts';
import type { Actor } from './actor.ts';
import { perform } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { permit } from './policy.ts';
import { budgetNamed, subjectNamed } from './subject-named.ts';

/**
 * Budgets: set, changed, removed, explained. They are named by id or the start of one. A subject has
 * at most one for each kind of period, so that the one that was meant is the one that is enforced.
 */
export class BudgetService {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
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
    const em = this.#parts.em.fork();
    const nowMs = this.#parts.clock.now();
    const all = await em.find(Budget, {}, { orderBy: { createdAt: 'asc', id: 'asc' } });
    const standings: BudgetStanding[] = [];
    for (const budget of all) standings.push(await standingOf(em, budget, nowMs));
    return standings;
  }

  /** Everything that a refusal would go by, and the same sum from the records. */
  async explain(actor: Actor, id: string): Promise<BudgetExplained> {
    permit(actor, 'budget');
    const em = this.#parts.em.fork();
    return await explained(em, await budgetNamed(em, id), this.#parts.clock.now());
  }

  #standing(budget: Budget): Promise<BudgetStanding> {
    return standingOf(this.#parts.em.fork(), budget, this.#parts.clock.now());
  }
}

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
