import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { BigIntColumn, CountColumn } from './column-types.ts';
import { DateTime, Usd } from './scalars.ts';

/**
 * `reprice`: the price has changed since; `operator`: somebody knows better what the call cost; `late`:
 * the service that made it said so after its reservation had expired.
 */
export type AdjustmentReason = 'reprice' | 'operator' | 'late';

/**
 * A correction of what a call cost. Records stay as they were written: cost is the record's and all
 * its adjustments together. Rows are only ever added, in one commit with the roll-ups.
 */
@ObjectType('Adjustment', { description: 'A correction of what a call cost, beside its record.' })
@Entity({ tableName: 'adjustments' })
@Index({ properties: ['requestId'] })
export class Adjustment {
  @Field(() => ID, { description: 'Identifies the correction.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  /** The record that is corrected. */
  @Field(() => ID, { description: 'The call that is corrected.' })
  @Property({ type: 'string' })
  requestId!: string;

  @Field(() => DateTime, { description: 'When it was made.', name: 'at' })
  @Property({ type: CountColumn })
  atMs!: number;

  @Field(() => Usd, { description: 'By how much the cost changes; negative: less.', name: 'delta' })
  @Property({ type: BigIntColumn })
  deltaNano!: bigint;

  @Field(() => String, {
    description:
      '`reprice`: the price has changed since; `operator`: somebody knows better; `late`: its service said so after its reservation had expired.',
  })
  @Property({ type: 'string' })
  reason!: AdjustmentReason;

  @Field(() => String, { description: 'Who made it.' })
  @Property({ type: 'string' })
  actor!: string;

  /** The price row used; empty where an operator has said what it costs. */
  @Property({ type: 'string' })
  priceId!: string;

  /** For people. */
  @Field(() => String, { description: 'Why, in their words.', nullable: true })
  @Property({ type: 'string', nullable: true })
  note!: string | null;
}
