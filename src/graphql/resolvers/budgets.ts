import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import { DateTime } from '../../entities/scalars.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { given } from '../given.ts';
import { MutationId } from '../mutation-id.ts';
import {
  BUDGET_ID,
  RaiseBudgetArgs,
  SetBudgetInput,
  UpdateBudgetInput,
} from '../types/budget-input.ts';
import {
  BudgetConnection,
  BudgetExplanation,
  BudgetFilter,
  BudgetStanding,
} from '../types/budget.ts';

const BudgetId = () => Arg('id', () => ID, { description: BUDGET_ID });

@Resolver(() => Budget)
export class BudgetResolver {
  @Query(() => BudgetConnection, {
    description: 'Budgets, oldest first. Users see those of their keys, and their own.',
  })
  async budgets(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => BudgetFilter, { description: 'Which of them.', nullable: true })
    filter?: BudgetFilter,
  ): Promise<Connection<Budget>> {
    return connected(
      await services.budgets.page(actor, { ...asked(page), ...asked(filter ?? {}) }),
    );
  }

  @Query(() => Budget, { description: 'One budget.' })
  async budget(@Ctx() { actor, services }: Context, @BudgetId() id: string): Promise<Budget> {
    return await services.budgets.get(actor, id);
  }

  @Mutation(() => Budget, {
    description: 'Caps what may be spent; changes the budget where there is one of this period.',
  })
  async setBudget(
    @Ctx() context: Context,
    @Arg('input', () => SetBudgetInput, { description: 'Whose, how much, on which terms.' })
    input: SetBudgetInput,
    @MutationId() mutationId?: string,
  ): Promise<Budget> {
    const { budgets } = context.services;
    return (await budgets.set(doing(context, mutationId), given(input))).budget;
  }

  @Mutation(() => Budget, { description: 'Changes a budget. What was spent stays spent.' })
  async updateBudget(
    @Ctx() context: Context,
    @BudgetId() id: string,
    @Arg('input', () => UpdateBudgetInput, { description: 'What to change.' })
    input: UpdateBudgetInput,
    @MutationId() mutationId?: string,
  ): Promise<Budget> {
    const { budgets } = context.services;
    return (await budgets.update(doing(context, mutationId), id, given(input))).budget;
  }

  @Mutation(() => Budget, {
    description:
      'Raises the cap until a time; replaces the raise before. By 0, or until null, ends it.',
  })
  async raiseBudget(
    @Ctx() context: Context,
    @Args(() => RaiseBudgetArgs) args: RaiseBudgetArgs,
    @MutationId() mutationId?: string,
  ): Promise<Budget> {
    const { budgets } = context.services;
    const { id, ...raise } = given(args);
    return (await budgets.raise(doing(context, mutationId), id, raise)).budget;
  }

  @Mutation(() => Budget, {
    description: 'Caps no more. What was spent stays on record, and counts in one set later.',
  })
  async removeBudget(
    @Ctx() context: Context,
    @BudgetId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<Budget> {
    return await context.services.budgets.remove(doing(context, mutationId), id);
  }

  @FieldResolver(() => String, {
    description: 'Name of the key, team, user or pool; its id when it has no name any more.',
  })
  async subject(@Ctx() { loaders }: Context, @Root() budget: Budget): Promise<string> {
    return await loaders.subjectName.load(budget);
  }

  @FieldResolver(() => BudgetStanding, { description: 'What the current period has taken.' })
  async standing(@Ctx() { loaders }: Context, @Root() budget: Budget): Promise<BudgetStanding> {
    return await loaders.standing.load(budget);
  }

  @FieldResolver(() => BudgetExplanation, {
    description:
      'Proves what was settled by adding up the records of the period: dear for long periods.',
  })
  async explain(
    @Ctx() { actor, services }: Context,
    @Root() { id }: Budget,
  ): Promise<BudgetExplanation> {
    return await services.budgets.explain(actor, id);
  }
}

@Resolver(() => BudgetStanding)
export class BudgetStandingResolver {
  @FieldResolver(() => DateTime, {
    description: 'When the period began; null for a budget that never resets.',
    nullable: true,
  })
  startsAt(@Root() { startMs, resetsAtMs }: BudgetStanding): number | null {
    return resetsAtMs === null ? null : startMs;
  }
}
