import { Field, InputType, Int, ObjectType } from 'type-graphql';
import type { FigureName } from '../../accounting/prices/figures.ts';
import { PriceSourceEnum } from '../../entities/enums.ts';
import { DateTime, SafeInt, Usd } from '../../entities/scalars.ts';
import { connectionOf } from '../connection.ts';
import { Price } from '../../entities/price.ts';

/** What people say of a price and are told of one, the same way. */
@ObjectType()
@InputType()
class Figures implements Partial<Record<FigureName, bigint | null>> {
  @Field(() => Usd, {
    description: 'Dollars per million prompt tokens that are neither cached nor audio.',
    nullable: true,
  })
  input?: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars per million prompt tokens read from the cache; as `input` where absent.',
    nullable: true,
  })
  cacheRead?: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars per million prompt tokens written to the cache; as `input` where absent.',
    nullable: true,
  })
  cacheWrite?: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars per million completion tokens that are neither reasoning nor audio.',
    nullable: true,
  })
  output?: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars per million reasoning tokens; as `output` where absent.',
    nullable: true,
  })
  reasoning?: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars per million audio tokens of the prompt; as `input` where absent.',
    nullable: true,
  })
  inputAudio?: bigint | null;

  @Field(() => Usd, {
    description:
      'Dollars per million audio tokens read from the cache; as `cacheRead` or `inputAudio` where absent.',
    nullable: true,
  })
  cacheReadAudio?: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars per million audio tokens of the completion; as `output` where absent.',
    nullable: true,
  })
  outputAudio?: bigint | null;

  @Field(() => Usd, { description: 'Dollars per picture made.', nullable: true })
  image?: bigint | null;

  @Field(() => Usd, { description: 'Dollars per minute of audio.', nullable: true })
  audioMinute?: bigint | null;

  @Field(() => Usd, { description: 'Dollars per request.', nullable: true })
  request?: bigint | null;
}

@ObjectType({
  description: 'What a model costs, in dollars for what people count; null: no price of its own.',
})
export class PriceFigures extends Figures {}

@ObjectType({ description: 'What a model costs when its prompt is long.' })
export class PriceTier extends Figures {
  @Field(() => SafeInt, {
    description: 'Holds for calls with more prompt tokens than this, cached ones included.',
  })
  startsAbove!: number;
}

@InputType({
  description:
    'Prices that hold instead, all of them, for every token of a call with a long prompt.',
})
export class PriceTierInput extends Figures {
  @Field(() => Int, {
    description: 'Holds for calls with more prompt tokens than this, cached ones included.',
  })
  startsAbove!: number;
}

@InputType({
  description:
    "A new version of a model's price. Calls that come from then on are charged by it; those before keep theirs.",
})
export class SetPriceInput extends Figures {
  @Field(() => String, {
    description:
      'Provider as credentials name it, or the price list that it goes by; `*`, any, unless given.',
    nullable: true,
  })
  provider?: string;

  @Field(() => String, { description: 'Model as its provider knows it.' })
  model!: string;

  @Field(() => DateTime, {
    description: 'From when on it holds; now unless given.',
    nullable: true,
  })
  validFrom?: Date;

  @Field(() => Boolean, {
    description:
      'Allows a `validFrom` that has passed. What was charged since stays as it is until `repriceLedger`.',
    nullable: true,
  })
  isRetroactive?: boolean;

  @Field(() => [PriceTierInput], { description: 'For long prompts.', nullable: true })
  tiers?: PriceTierInput[];

  @Field(() => String, { description: 'Why, for whoever reads the events.', nullable: true })
  note?: string;
}

@InputType({ description: 'Which prices; absent is all.' })
export class PriceFilter {
  @Field(() => String, {
    description: 'Only those for this provider or list; `*`: those for any.',
    nullable: true,
  })
  provider?: string;

  @Field(() => String, {
    description: 'Only those of this model, as the price names it.',
    nullable: true,
  })
  model?: string;

  @Field(() => PriceSourceEnum, { description: 'Only those from there.', nullable: true })
  source?: Price['source'];

  @Field(() => DateTime, {
    description: 'Only versions that calls of that time are priced by: the history is left out.',
    nullable: true,
  })
  at?: Date;
}

export const PriceConnection = connectionOf(Price, 'Price');
