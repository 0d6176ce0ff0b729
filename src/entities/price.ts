import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { PriceSourceEnum } from './enums.ts';
import type { PriceSource } from './price-source.ts';
import { DateTime, Json, JsonObject } from './scalars.ts';

/** One version of a model's price. Rows are never changed: a new price is a new row. */
@ObjectType('Price', {
  description:
    "One version of a model's price. Versions are never changed: a new price is a new version.",
})
@Entity({ tableName: 'prices' })
@Index({ properties: ['provider', 'model'] })
export class Price {
  /** Derived from the content, so that the same price always has the same id; an operator's is new. */
  @Field(() => ID, { description: 'Identifies the version; records of calls name it.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => String, { description: 'Whose price list it is on; `*` any.' })
  @Property({ type: 'string' })
  provider!: string;

  @Field(() => String, { description: 'Model as the list names it.' })
  @Property({ type: 'string' })
  model!: string;

  /** Epoch 0 when it always held. */
  @Field(() => DateTime, { description: 'From when on it holds; 1970 when it always held.' })
  @Property({ type: 'datetime' })
  validFrom!: Date;

  /** Nano-USD per million units by usage class, decimal text. */
  @Field(() => JsonObject, {
    description:
      'Nano-dollars per million units, decimal text, by usage class: `input`, `cacheRead`, `cacheWrite`, `output`, `reasoning`, `inputAudio`, `cacheReadAudio`, `outputAudio`, `images`, `audioMillis`, `requests`.',
  })
  @Property({ type: 'json' })
  rates!: Record<string, string>;

  @Field(() => Json, {
    description: 'Rates that hold instead when a prompt has more tokens than `startsAbove`.',
  })
  @Property({ type: 'json' })
  tiers!: { startsAbove: number; rates: Record<string, string> }[];

  @Field(() => PriceSourceEnum, { description: 'Where it comes from.' })
  @Property({ type: 'string' })
  source!: PriceSource;

  @Field(() => String, {
    description: 'Of the list it came with; `config` or `operator` otherwise.',
  })
  @Property({ type: 'string' })
  version!: string;

  @Field(() => DateTime, { description: 'When it was put on record here.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;
}
