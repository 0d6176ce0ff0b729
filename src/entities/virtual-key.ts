import type { Opt } from '@mikro-orm/core';
import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { DateTime, JsonObject } from './scalars.ts';

/** What a client shows us. Only a keyed hash is stored; the key itself is shown once. */
@ObjectType('VirtualKey', {
  description:
    'What a client shows to `/v1`. The key itself is shown once, when it is made or rotated.',
})
@Entity({ tableName: 'virtual_keys' })
@Index({ properties: ['createdAt', 'id'] })
@Index({ properties: ['userId'] })
@Index({ properties: ['teamId'] })
export class VirtualKey {
  @Field(() => ID, {
    description:
      'Identifies the key in every operation; the start of it will do where it is unique.',
  })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => ID, { description: 'The pool that serves it.' })
  @Property({ type: 'string' })
  poolId!: string;

  @Field(() => String, { description: 'What the key is for.' })
  @Property({ type: 'string' })
  name!: string;

  /** HMAC-SHA-256(pepper, SHA-256(key)), base64url. */
  @Property({ type: 'string', unique: true, hidden: true })
  hash!: string;

  /** Prefix and last four characters, for people. */
  @Field(() => String, {
    description: 'Public prefix and last four characters, so that people can tell keys apart.',
  })
  @Property({ type: 'string' })
  hint!: string;

  @Field(() => Boolean, { description: 'False while an operator has switched it off.' })
  @Property({ type: 'boolean' })
  isActive!: boolean;

  @Field(() => DateTime, {
    description: 'From then on it is refused; null: never.',
    nullable: true,
  })
  @Property({ type: 'datetime', nullable: true })
  expiresAt!: Date | null;

  /** Requests in any 60 seconds; null is unlimited. */
  @Field(() => Int, {
    description: 'Requests in any 60 seconds; null is unlimited.',
    nullable: true,
  })
  @Property({ type: 'integer', nullable: true })
  rpmLimit!: number | null;

  /** Tokens in any 60 seconds; null is unlimited. */
  @Field(() => Int, { description: 'Tokens in any 60 seconds; null is unlimited.', nullable: true })
  @Property({ type: 'integer', nullable: true })
  tpmLimit!: number | null;

  /** Calls at once; null is unlimited. */
  @Field(() => Int, { description: 'Calls at once; null is unlimited.', nullable: true })
  @Property({ type: 'integer', nullable: true })
  concurrencyLimit!: number | null;

  @Property({ type: 'string', nullable: true })
  userId!: string | null;

  @Property({ type: 'string', nullable: true })
  teamId!: string | null;

  /** Names of models it may ask for, `*` standing for any text; null is all. */
  @Field(() => [String], {
    description: 'Models it may ask for, `*` standing for any text; null is all.',
    nullable: true,
  })
  @Property({ type: 'json', nullable: true })
  allowedModels!: string[] | null;

  /** Ids of endpoints it may call (`src/proxy/endpoints`), `*` standing for any text; null is all. */
  @Field(() => [String], {
    description:
      'Endpoints it may call, such as `chat.completions`, `*` standing for any text; null is all.',
    nullable: true,
  })
  @Property({ type: 'json', nullable: true })
  allowedEndpoints!: string[] | null;

  /** Networks it may be used from, in CIDR notation; null is everywhere. */
  @Field(() => [String], {
    description: 'Networks it may be used from, in CIDR notation; null is everywhere.',
    nullable: true,
  })
  @Property({ type: 'json', nullable: true })
  sourceNetworks!: string[] | null;

  /** The owner's own notes; nothing here reads them. */
  @Field(() => JsonObject, { description: "The owner's own notes; nothing here reads them." })
  @Property({ type: 'json', default: '{}' })
  metadata!: Opt<Record<string, unknown>>;

  /** Of the key before the last rotation, which still works until `previousUntil`. */
  @Property({ type: 'string', unique: true, nullable: true, hidden: true })
  previousHash!: string | null;

  @Field(() => DateTime, {
    description: 'Until then the key before the last rotation works as well.',
    nullable: true,
  })
  @Property({ type: 'datetime', nullable: true })
  previousUntil!: Date | null;

  /** A tombstone: it serves no more, and its history keeps its name. */
  @Field(() => DateTime, {
    description: 'When it was deleted; what it did keeps its name.',
    nullable: true,
  })
  @Property({ type: 'datetime', nullable: true })
  deletedAt!: Date | null;

  @Field(() => DateTime, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  @Property({ type: 'datetime' })
  updatedAt!: Date;
}

export type VirtualKeyStatus = 'active' | 'inactive' | 'expired' | 'deleted';

/** Judged at reading time, never by a sweeper: a key is expired the moment its time has come. */
export function statusOf(
  key: Pick<VirtualKey, 'isActive' | 'expiresAt' | 'deletedAt'>,
  nowMs: number,
): VirtualKeyStatus {
  if (key.deletedAt !== null) return 'deleted';
  if (!key.isActive) return 'inactive';
  return key.expiresAt !== null && key.expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}
