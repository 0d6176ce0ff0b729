import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { enumOf } from '../../entities/enums.ts';
import { DateTime, SafeInt, Usd } from '../../entities/scalars.ts';
import type { LeftAlone } from '../../services/repricing.ts';
import { LEFT_ALONE } from '../../services/repricing-texts.ts';
import { described } from '../described.ts';

export const LeftAloneEnum = enumOf<LeftAlone>(
  'LeftAlone',
  'Why calls keep the cost they have.',
  described(LEFT_ALONE),
);

@InputType({ description: 'Which calls to price anew; of all times and models unless given.' })
export class RepriceLedgerInput {
  @Field(() => String, {
    description: 'Only calls of this model, as asked for or as sent upstream.',
    nullable: true,
  })
  model?: string;

  @Field(() => String, {
    description: 'Only calls served by this provider, or on its price list.',
    nullable: true,
  })
  provider?: string;

  @Field(() => DateTime, { description: 'Only calls that began then or later.', nullable: true })
  from?: Date;

  @Field(() => DateTime, { description: 'Only calls that began before.', nullable: true })
  to?: Date;

  @Field(() => Boolean, {
    description: 'Only calls some of whose usage had no price.',
    nullable: true,
  })
  onlyUnpriced?: boolean;

  @Field(() => Boolean, {
    description: 'Only tells what would be adjusted: nothing is written.',
    defaultValue: false,
  })
  isDryRun!: boolean;

  @Field(() => String, {
    description: 'Why, for whoever reads the books: 1 to 500 characters.',
    nullable: true,
  })
  note?: string;
}

@ObjectType({ description: 'Calls that kept the cost they have.' })
export class LeftAloneCalls {
  @Field(() => LeftAloneEnum, { description: 'Why.' })
  reason!: LeftAlone;

  @Field(() => SafeInt, { description: 'How many.' })
  calls!: number;
}

@ObjectType()
class Correction {
  @Field(() => Usd, { description: 'Cost before the correction.', name: 'before' })
  beforeNano!: bigint;

  @Field(() => Usd, {
    description: 'Cost after it; in a dry run, what it would be.',
    name: 'after',
  })
  afterNano!: bigint;
}

@ObjectType({ description: 'What pricing calls anew came to, or would come to.' })
export class RepriceReport extends Correction {
  @Field(() => Boolean, { description: 'Whether nothing was written.' })
  isDryRun!: boolean;

  @Field(() => SafeInt, { description: 'Calls that were priced.' })
  calls!: number;

  @Field(() => SafeInt, {
    description: 'Calls that cost something else now: each has one adjustment more.',
    name: 'adjusted',
  })
  entries!: number;

  @Field(() => SafeInt, { description: 'Calls some of whose usage still has no price.' })
  lowerBounds!: number;

  @Field(() => [LeftAloneCalls], { description: 'Calls that were left as they are, and why.' })
  leftAlone!: LeftAloneCalls[];
}

@InputType({
  description: "An operator's word on what a call cost: give either `cost` or `delta`.",
})
export class AdjustLedgerInput {
  @Field(() => ID, { description: 'The call, by its `x-request-id`.' })
  requestId!: string;

  @Field(() => Usd, { description: 'What it cost in all.', nullable: true })
  cost?: bigint;

  @Field(() => Usd, {
    description: 'By how much its cost was wrong; negative: it cost less.',
    nullable: true,
  })
  delta?: bigint;

  @Field(() => String, {
    description: 'Why, for whoever reads the books: 1 to 500 characters.',
  })
  note!: string;
}

@ObjectType({ description: 'What a call cost before it was adjusted, and now.' })
export class AdjustedRequest extends Correction {
  requestId!: string;

  @Field(() => Boolean, {
    description: 'False where that is what it cost already: nothing was written.',
  })
  isAdjusted!: boolean;
}
