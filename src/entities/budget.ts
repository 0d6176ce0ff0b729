import type { Opt } from '@mikro-orm/core';
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, ObjectType } from 'type-graphql';
import type { BudgetScope } from './budget-scope.ts';
import { BigIntColumn } from './column-types.ts';
import { BudgetPeriodEnum, BudgetScopeEnum } from './enums.ts';
import { DateTime, Usd } from './scalars.ts';

/** A cap on the money a subject may spend per period. What was spent is the ledger's to say. */
@ObjectType('Budget', {
  description: 'A cap on the money a key, team, user or pool may spend per period.',
})
@Entity({ tableName: 'budgets' })
@Index({ properties: ['scope', 'subjectId'] })
export class Budget {
  @Field(() => ID, {
    description: 'Identifies the budget; the start of it will do where it is unique.',
  })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => BudgetScopeEnum, { description: 'Whose money it caps.' })
  @Property({ type: 'string' })
  scope!: BudgetScope;

  /** The key, team, user or pool whose calls count. */
  @Field(() => ID, { description: 'The key, team, user or pool whose calls count.' })
  @Property({ type: 'string' })
  subjectId!: string;

  /** For people. */
  @Field(() => String, { description: 'For people.', nullable: true })
  @Property({ type: 'string', nullable: true })
  name!: string | null;

  @Field(() => Usd, {
    description: 'The most that may be spent in a period, without a temporary raise.',
    name: 'cap',
  })
  @Property({ type: BigIntColumn })
  capNano!: bigint;

  @Field(() => Usd, {
    description: 'What is added to the cap until `raisedUntil`; 0 without a temporary raise.',
    name: 'raise',
  })
  @Property({ type: BigIntColumn, default: 0 })
  raiseNano!: Opt<bigint>;

  @Field(() => DateTime, {
    description: 'Until then the cap is higher; null without a temporary raise.',
    nullable: true,
  })
  @Property({ type: 'datetime', nullable: true })
  raisedUntil!: Opt<Date> | null;

  @Field(() => BudgetPeriodEnum, { description: 'How often it begins anew.' })
  @Property({ type: 'string' })
  period!: BudgetPeriod;

  /** IANA name of the time zone whose midnights and Mondays bound the periods. */
  @Field(() => String, {
    description: 'IANA name of the time zone whose midnights and Mondays bound the periods.',
  })
  @Property({ type: 'string', default: 'UTC' })
  zone!: string;

  /** Refuses what would exceed the cap; a soft one only alerts. */
  @Field(() => Boolean, {
    description: 'True: refuses what would exceed the cap; false: only alerts.',
  })
  @Property({ type: 'boolean' })
  isHard!: boolean;

  /** Holds are provable upper bounds of a call's cost, not estimates. */
  @Field(() => Boolean, {
    description: 'True: a call reserves a provable upper bound of its cost; false: an estimate.',
  })
  @Property({ type: 'boolean' })
  isStrict!: boolean;

  /** Percentages of the cap at which somebody is told. */
  @Field(() => [Float], { description: 'Percentages of the cap at which an event tells.' })
  @Property({ type: 'json' })
  alertPercents!: number[];

  /** A disabled one goes on counting, but neither refuses nor alerts. */
  @Field(() => Boolean, {
    description: 'A disabled one goes on counting, but neither refuses nor alerts.',
  })
  @Property({ type: 'boolean' })
  isEnabled!: boolean;

  @Field(() => DateTime, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  @Property({ type: 'datetime' })
  updatedAt!: Date;
}

/** `none` never resets; weeks begin on Monday. */
export type BudgetPeriod = 'none' | 'hourly' | 'daily' | 'weekly' | 'monthly';
