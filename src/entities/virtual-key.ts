import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** What a client shows us. Only a keyed hash is stored; the key itself is shown once. */
@Entity({ tableName: 'virtual_keys' })
export class VirtualKey {
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  poolId!: string;

  @Property({ type: 'string' })
  name!: string;

  /** HMAC-SHA-256(pepper, SHA-256(key)), base64url. */
  @Property({ type: 'string', unique: true, hidden: true })
  hash!: string;

  /** Prefix and last four characters, for people. */
  @Property({ type: 'string' })
  hint!: string;

  @Property({ type: 'boolean' })
  isActive!: boolean;

  @Property({ type: 'datetime', nullable: true })
  expiresAt!: Date | null;

  /** Requests in any 60 seconds; null is unlimited. */
  @Property({ type: 'integer', nullable: true })
  rpmLimit!: number | null;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}

export type VirtualKeyStatus = 'active' | 'inactive' | 'expired';

/** Judged at reading time, never by a sweeper: a key is expired the moment its time has come. */
export function statusOf(
  key: { isActive: boolean; expiresAt: Date | null },
  nowMs: number,
): VirtualKeyStatus {
  if (!key.isActive) return 'inactive';
  return key.expiresAt !== null && key.expiresAt.getTime() <= nowMs ? 'expired' : 'active';
}
