import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { BudgetScope } from '../../entities/budget-scope.ts';
import { Budget } from '../../entities/budget.ts';
import { BudgetScopeEnum } from '../../entities/enums.ts';
import { DateTime, SafeInt, Usd } from '../../entities/scalars.ts';
import { connectionOf } from '../connection.ts';

export const BudgetConnection = connectionOf(Budget, 'Budget');

@InputType({ description: 'Which budgets; absent is all.' })
export class BudgetFilter {
  @Field(() => BudgetScopeEnum, { description: 'Only those of such subjects.', nullable: true })
  scope?: BudgetScope;

  @Field(() => ID, {
    description:
      'Only those of one key, team, user or pool, a key by its id, the others by id or name; needs `scope`.',
    nullable: true,
  })
  subject?: string;

  @Field(() => Boolean, { description: 'Only those that are enabled, or not.', nullable: true })
  isEnabled?: boolean;
}

@ObjectType({ description: 'What the current period of a budget has taken.' })
export class BudgetStanding {
  @Field(() => Usd, {
    description: 'The cap in force: with the raise while that lasts.',
    name: 'cap',
  })
  capNano!: bigint;

  /** 0 for one that never resets. */
  startMs!: number;

  @Field(() => DateTime, {
    description: 'When the period ends and the next begins; null: never.',
    name: 'resetsAt',
    nullable: true,
  })
  resetsAtMs!: number | null;

  @Field(() => Usd, { description: 'What calls that are over have cost.', name: 'settled' })
  settledNano!: bigint;

  @Field(() => Usd, { description: 'What is held for calls under way.', name: 'held' })
  heldNano!: bigint;

  @Field(() => Usd, {
    description: 'The cap in force without both; negative when more was spent.',
    name: 'remaining',
  })
  remainingNano!: bigint;
}

@ObjectType({ description: 'Money held for a call that is under way.' })
export class BudgetHold {
  @Field(() => ID, { description: 'The request.', name: 'requestId' })
  id!: string;

  @Field(() => String, { description: 'Name of its key.' })
  key!: string;

  @Field(() => String, { description: 'Model it asks for; empty where it names none.' })
  model!: string;

  @Field(() => Usd, { description: 'What is held for it.', name: 'amount' })
  amountNano!: bigint;

  @Field(() => SafeInt, { description: 'Milliseconds since it was admitted.' })
  ageMs!: number;
}

@ObjectType({ description: 'What a refusal would go by, and whether the records say the same.' })
export class BudgetExplanation {
  @Field(() => [BudgetHold], { description: 'Calls under way, oldest first.' })
  holds!: BudgetHold[];

  @Field(() => Usd, {
    description: 'What was settled, added up anew from the records of the period.',
    name: 'recorded',
  })
  recordedNano!: bigint;

  @Field(() => Boolean, { description: 'Whether that is what `standing.settled` says.' })
  isEqual!: boolean;
}
