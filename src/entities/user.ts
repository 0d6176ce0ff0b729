import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import { DateTime, JsonObject } from './scalars.ts';

/** A person or service that owns virtual keys. */
@ObjectType('User', { description: 'A person or service that owns virtual keys.' })
@Entity({ tableName: 'users' })
export class User {
  @Field(() => ID, { description: 'Identifies the user.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => String, { description: 'Unique name.' })
  @Property({ type: 'string', unique: true })
  name!: string;

  /** Keys of a user that is switched off are refused. */
  @Field(() => Boolean, { description: 'Keys of a user that is switched off are refused.' })
  @Property({ type: 'boolean' })
  isEnabled!: boolean;

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
