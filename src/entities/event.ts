import type { Opt } from '@mikro-orm/core';
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime, Json, SafeInt } from './scalars.ts';

/**
 * One numbered row of what changed: the audit log, the activity log, the source of every live
 * view, and how other processes stay current. Rows are only ever added.
 */
@ObjectType('Event', { description: 'One numbered row of what changed. Rows are only ever added.' })
@Entity({ tableName: 'events' })
@Index({ properties: ['subject'] })
@Index({ properties: ['type'] })
export class Event {
  @Field(() => SafeInt, {
    description: 'Number of the row: subscribe `after` it, and nothing is missed.',
  })
  @PrimaryKey({ type: 'integer', autoincrement: true })
  seq!: Opt<number>;

  @Field(() => DateTime, { description: 'When it happened.' })
  @Property({ type: 'datetime' })
  at!: Date;

  /** `noun.pastTense`, e.g. `virtual_key.created`. */
  @Field(() => String, {
    description: 'What happened, `noun.past_tense` such as `virtual_key.created`.',
  })
  @Property({ type: 'string' })
  type!: string;

  /** Id of the thing that changed. */
  @Field(() => ID, { description: 'Id of the thing that changed.' })
  @Property({ type: 'string' })
  subject!: string;

  @Field(() => String, {
    description: 'Who did it: `system`, `cli`, `admin`, `token:NAME` or `user:ID`.',
  })
  @Property({ type: 'string' })
  actor!: string;

  @Field(() => ID, {
    description: 'The request that brought it about; null: none did.',
    nullable: true,
  })
  @Property({ type: 'string', nullable: true })
  requestId!: string | null;

  @Field(() => Json, { description: 'What was so before.', nullable: true })
  @Property({ type: 'json', nullable: true })
  before!: unknown;

  @Field(() => Json, { description: 'What is so now.', nullable: true })
  @Property({ type: 'json', nullable: true })
  after!: unknown;
}
