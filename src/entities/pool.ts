import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import type { PoolPolicy } from './pool-policy.ts';
import { DateTime } from './scalars.ts';

/** A named set of credentials with a routing strategy and a failure policy. */
@ObjectType('Pool', {
  description: 'A named set of credentials with a routing strategy and a failure policy.',
})
@Entity({ tableName: 'pools' })
export class Pool {
  @Field(() => ID, { description: 'Identifies the pool.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => String, { description: 'Unique name.' })
  @Property({ type: 'string', unique: true })
  name!: string;

  /** Key of the strategy registry (`src/routing/index.ts`). */
  @Field(() => String, {
    description:
      'How credentials are chosen: `round_robin`, `balance_weighted`, `weighted`, `priority`, `selected_then_rotate`, `least_latency`, `cheapest`, `least_in_flight` or `random`.',
  })
  @Property({ type: 'string' })
  strategy!: string;

  @Property({ type: 'json' })
  policy!: PoolPolicy;

  /** Under `selected_then_rotate`: whom calls go to first; null is the oldest. */
  @Property({ type: 'string', nullable: true })
  selectedCredentialId!: string | null;

  /** `config` rows follow the configuration at every start; others belong to operators. */
  @Field(() => String, {
    description: '`config`: follows the configuration at every start; `operator`: made by hand.',
  })
  @Property({ type: 'string' })
  source!: 'config' | 'operator';

  /** Whose own it is; null: the operators'. Its owner may add credentials and keys to it. */
  @Property({ type: 'string', nullable: true })
  userId!: Opt<string> | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
