import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { DateTime, JsonObject } from './scalars.ts';

/** A group of virtual keys that share limits and budgets. */
@ObjectType('Team', { description: 'A group of virtual keys that share limits and budgets.' })
@Entity({ tableName: 'teams' })
export class Team {
  @Field(() => ID, { description: 'Identifies the team.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => String, { description: 'Unique name.' })
  @Property({ type: 'string', unique: true })
  name!: string;

  /** Keys of a team that is switched off are refused. */
  @Field(() => Boolean, { description: 'Keys of a team that is switched off are refused.' })
  @Property({ type: 'boolean' })
  isEnabled!: boolean;

  /** Of all its keys together: requests and tokens in any 60 seconds, calls at once; null is unlimited. */
  @Field(() => Int, {
    description: 'Requests in any 60 seconds of all its keys together; null is unlimited.',
    nullable: true,
  })
  @Property({ type: 'integer', nullable: true })
  rpmLimit!: number | null;

  @Field(() => Int, {
    description: 'Tokens in any 60 seconds of all its keys together; null is unlimited.',
    nullable: true,
  })
  @Property({ type: 'integer', nullable: true })
  tpmLimit!: number | null;

  @Field(() => Int, {
    description: 'Calls at once of all its keys together; null is unlimited.',
    nullable: true,
  })
  @Property({ type: 'integer', nullable: true })
  concurrencyLimit!: number | null;

  /** The operator's own notes; nothing here reads them. */
  @Field(() => JsonObject, { description: "The operator's own notes; nothing here reads them." })
  @Property({ type: 'json' })
  metadata!: Opt<Record<string, unknown>>;

  @Field(() => DateTime, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
