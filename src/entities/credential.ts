import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { BigIntColumn } from './column-types.ts';
import { DateTime } from './scalars.ts';

/**
 * A provider secret we hold, sealed (`src/lib/seal.ts`). Names are unique in a pool among those that
 * are not deleted.
 */
@ObjectType('Credential', {
  description: 'A provider secret we hold. The secret goes in and never out.',
})
@Entity({ tableName: 'credentials' })
@Unique({ properties: ['poolId', 'name'], where: 'deleted_at is null' })
export class Credential {
  @Field(() => ID, { description: 'Identifies the credential; `pool/name` does as well.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  poolId!: string;

  @Field(() => String, { description: 'Unique in its pool.' })
  @Property({ type: 'string' })
  name!: string;

  /** Key of the provider registry (`src/providers/index.ts`). */
  @Field(() => String, {
    description:
      'Kind of API: `openai`, `vercel`, `google`, `xai`, `gigachat`, `perplexity`, `openai-compatible` or `sandbox`.',
  })
  @Property({ type: 'string' })
  provider!: string;

  @Field(() => String, { description: 'Where calls are sent.' })
  @Property({ type: 'string' })
  baseUrl!: string;

  @Property({ type: 'text', hidden: true, lazy: true })
  secretSealed!: string;

  /** Last four characters, so that people can tell secrets apart. */
  @Field(() => String, {
    description:
      'Last four characters of the secret, so that people can tell them apart; empty for short ones.',
  })
  @Property({ type: 'string' })
  secretHint!: string;

  @Field(() => Boolean, {
    description:
      'False while an operator has switched it off, or the configuration does not name it any more.',
  })
  @Property({ type: 'boolean' })
  isEnabled!: boolean;

  /** Share of the pool's calls under `weighted`. */
  @Field(() => Int, { description: "Share of the pool's calls under `weighted`." })
  @Property({ type: 'integer', default: 1 })
  weight!: Opt<number>;

  /** Tier under `priority`: lower ones serve first. */
  @Field(() => Int, { description: 'Tier under `priority`: lower ones serve first.' })
  @Property({ type: 'integer', default: 1 })
  priority!: Opt<number>;

  /** Requests and tokens in any 60 seconds; null is unlimited. */
  @Field(() => Int, {
    description: 'Requests in any 60 seconds; null is unlimited.',
    nullable: true,
  })
  @Property({ type: 'integer', nullable: true })
  rpmLimit!: number | null;

  @Field(() => Int, { description: 'Tokens in any 60 seconds; null is unlimited.', nullable: true })
  @Property({ type: 'integer', nullable: true })
  tpmLimit!: number | null;

  /** Names it serves, each with two `*` at most; null: those its provider lists. */
  @Field(() => [String], {
    description: 'Models it serves, each with two `*` at most; null: those its provider lists.',
    nullable: true,
  })
  @Property({ type: 'json', nullable: true })
  models!: string[] | null;

  @Field(() => String, {
    description: '`config`: follows the configuration at every start; `operator`: made by hand.',
  })
  @Property({ type: 'string' })
  source!: 'config' | 'operator';

  /** What the provider said at `balanceCheckedAt`; null when it has no balance to ask for. */
  @Property({ type: BigIntColumn, nullable: true })
  balanceNano!: bigint | null;

  @Property({ type: BigIntColumn, nullable: true })
  balanceUsedNano!: bigint | null;

  @Property({ type: 'datetime', nullable: true })
  balanceCheckedAt!: Date | null;

  /** A tombstone: it serves no more, its secret is gone, and what it served keeps its name. */
  @Field(() => DateTime, {
    description: 'When it was deleted; what it served keeps its name.',
    nullable: true,
  })
  @Property({ type: 'datetime', nullable: true })
  deletedAt!: Opt<Date> | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
