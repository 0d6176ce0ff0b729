import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, ObjectType } from 'type-graphql';
import type { AdminRole } from './admin-role.ts';
import { RoleEnum } from './enums.ts';
import { DateTime } from './scalars.ts';

/** What operators and programs show to the control plane. Only a keyed hash is stored. */
@ObjectType('AdminToken', {
  description:
    'What operators and programs show to the control plane. The token itself is shown once.',
})
@Entity({ tableName: 'admin_tokens' })
export class AdminToken {
  @Field(() => ID, { description: 'Identifies the token.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => String, { description: 'Unique name; events tell `token:NAME`.' })
  @Property({ type: 'string', unique: true })
  name!: string;

  @Field(() => RoleEnum, { description: 'What it may do.' })
  @Property({ type: 'string' })
  role!: AdminRole;

  /** HMAC-SHA-256(pepper, SHA-256(token)), base64url. */
  @Property({ type: 'string', unique: true, hidden: true })
  hash!: string;

  /** Prefix and last four characters, for people. */
  @Field(() => String, { description: 'Prefix and last four characters.' })
  @Property({ type: 'string' })
  hint!: string;

  /** Who made it. */
  @Field(() => String, { description: 'Who made it.' })
  @Property({ type: 'string' })
  createdBy!: string;

  @Field(() => DateTime, {
    description: 'From then on it opens nothing; null: never.',
    nullable: true,
  })
  @Property({ type: 'datetime', nullable: true })
  expiresAt!: Date | null;

  /** From then on it opens nothing. */
  @Field(() => DateTime, {
    description: 'When it was revoked; null while it was not.',
    nullable: true,
  })
  @Property({ type: 'datetime', nullable: true })
  revokedAt!: Date | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;
}
