import { ArgsType, Field, Float, ID, InputType } from 'type-graphql';
import type { BudgetScope } from '../../entities/budget-scope.ts';
import type { BudgetPeriod } from '../../entities/budget.ts';
import { BudgetPeriodEnum, BudgetScopeEnum } from '../../entities/enums.ts';
import { DateTime, Usd } from '../../entities/scalars.ts';

export const BUDGET_ID = 'Its id, or the start of one as long as it names one budget.';

/** What may be decided of a budget besides its cap. */
@InputType()
class BudgetTerms {
  @Field(() => BudgetPeriodEnum, {
    description: 'How often it begins anew; a new budget: `MONTHLY` unless given.',
    nullable: true,
  })
  period?: BudgetPeriod;

  @Field(() => String, {
    description:
      'IANA name of the time zone of its midnights and Mondays; a new budget: `UTC` unless given.',
    nullable: true,
  })
  zone?: string;

  @Field(() => Boolean, {
    description:
      'True, as for a new budget: it refuses what would exceed the cap; false: it only alerts.',
    nullable: true,
  })
  isHard?: boolean;

  @Field(() => Boolean, {
    description:
      'True: a call holds the most that it can cost; false, as for a new budget: what it probably will.',
    nullable: true,
  })
  isStrict?: boolean;

  @Field(() => [Float], {
    description: 'Percentages of the cap at which an event tells, 20 at most, up to 1000.',
    nullable: true,
  })
  alertPercents?: number[];

  @Field(() => String, { description: 'For people; null is none.', nullable: true })
  name?: string | null;

  @Field(() => Boolean, {
    description: 'False: it goes on counting, but neither refuses nor alerts.',
    nullable: true,
  })
  isEnabled?: boolean;
}

@InputType({
  description:
    'A budget. Where the subject has one of this kind of period, it is changed: what is absent stays.',
})
export class SetBudgetInput extends BudgetTerms {
  @Field(() => BudgetScopeEnum, { description: 'Whose money it caps.' })
  scope!: BudgetScope;

  @Field(() => ID, {
    description:
      'The key, team, user or pool: a key by its id or the start of it, the others by id or name.',
  })
  subject!: string;

  @Field(() => Usd, {
    description: 'The most that may be spent in a period, up to a billion dollars.',
  })
  cap!: bigint;
}

@InputType({ description: 'What to change in a budget. What is absent stays as it is.' })
export class UpdateBudgetInput extends BudgetTerms {
  @Field(() => Usd, {
    description: 'The most that may be spent in a period, up to a billion dollars.',
    nullable: true,
  })
  cap?: bigint;
}

@ArgsType()
export class RaiseBudgetArgs {
  @Field(() => ID, { description: BUDGET_ID })
  id!: string;

  @Field(() => Usd, { description: 'Dollars that are added to the cap, up to a billion.' })
  by!: bigint;

  @Field(() => DateTime, {
    description:
      'When the raise is over: a time to come. Null ends it at once; needed unless `by` is 0.',
    nullable: true,
  })
  until?: Date | null;
}
