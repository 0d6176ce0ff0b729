import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { BigIntColumn, CountColumn } from './column-types.ts';
import type { AttemptNote, Outcome, RouteNote } from './call-record.ts';
import { UsageColumns } from './usage-columns.ts';
import { OutcomeEnum } from './enums.ts';
import { DateTime, Usd } from './scalars.ts';

/**
 * The ledger: exactly one row for each accepted request, written once by the ledger writer and
 * never changed. Columns are integers and short texts; prompts and secrets have no place here.
 */
@ObjectType('RequestRecord', {
  description:
    'What became of one accepted `/v1` call. Written once, never changed; corrections stand beside it.',
})
@Entity({ tableName: 'usage_records' })
export class UsageRecord extends UsageColumns {
  /** The request id (UUIDv7), as in `x-request-id`. */
  @Field(() => ID, { description: 'The request id, as in `x-request-id`.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => ID, { description: 'The virtual key that called.' })
  @Property({ type: 'string' })
  keyId!: string;

  @Field(() => ID, { description: 'The pool that served it.' })
  @Property({ type: 'string' })
  poolId!: string;

  /** Owner of the key at that time; empty when it had none. */
  @Property({ type: 'string', default: '' })
  userId!: string;

  /** Team of the key at that time; empty when it had none. */
  @Property({ type: 'string', default: '' })
  teamId!: string;

  /** Who served it last; empty when nobody could be asked. */
  @Property({ type: 'string' })
  credentialId!: string;

  @Field(() => String, { description: 'Endpoint, such as `chat.completions`.' })
  @Property({ type: 'string' })
  endpoint!: string;

  @Field(() => String, { description: 'Model as it was asked for.' })
  @Property({ type: 'string' })
  model!: string;

  @Field(() => Boolean, { description: 'Whether the answer was streamed.' })
  @Property({ type: 'boolean' })
  isStream!: boolean;

  @Field(() => DateTime, { description: 'When it was accepted.', name: 'startedAt' })
  @Property({ type: CountColumn })
  startedAtMs!: number;

  @Field(() => Int, { description: 'Milliseconds from `startedAt` to its end.' })
  @Property({ type: 'integer' })
  durationMs!: number;

  /** Request accepted to first byte given to the client; null when there was none. */
  @Field(() => Int, {
    description:
      'Milliseconds from `startedAt` to the first byte given to the client; null when there was none.',
    nullable: true,
  })
  @Property({ type: 'integer', nullable: true })
  firstByteMs!: number | null;

  /** The HTTP status the client saw. */
  @Field(() => Int, { description: 'The HTTP status the client saw.' })
  @Property({ type: 'integer' })
  status!: number;

  @Field(() => OutcomeEnum, { description: 'What became of it.' })
  @Property({ type: 'string' })
  outcome!: Outcome;

  /** `ok`, or the code of the error that ended it. */
  @Field(() => String, { description: '`ok`, or the code of the error that ended it.' })
  @Property({ type: 'string' })
  reason!: string;

  @Property({ type: 'json' })
  attempts!: AttemptNote[];

  @Property({ type: 'json', nullable: true })
  route!: RouteNote | null;

  @Field(() => String, {
    description: 'How its usage is known: `reported`, `counted`, `estimated` or `none`.',
  })
  @Property({ type: 'string' })
  usageSource!: string;

  @Field(() => Usd, { description: 'What it cost when it was settled.', name: 'cost' })
  @Property({ type: BigIntColumn })
  costNano!: bigint;

  /** The price row used; empty when nothing was to be priced. */
  @Property({ type: 'string' })
  priceId!: string;

  /** False when some of the usage had no price: the cost is then a lower bound. */
  @Field(() => Boolean, {
    description: 'False when some of the usage had no price: the cost is then a lower bound.',
  })
  @Property({ type: 'boolean' })
  isPriced!: boolean;

  @Field(() => Usd, { description: 'What was reserved for it.', name: 'hold' })
  @Property({ type: BigIntColumn })
  holdNano!: bigint;
}
