import type { Opt } from '@mikro-orm/core';
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

  /** Tokens in any 60 seconds; null is unlimited. */
  @Property({ type: 'integer', nullable: true })
  tpmLimit!: number | null;

  /** Calls at once; null is unlimited. */
  @Property({ type: 'integer', nullable: true })
  concurrencyLimit!: number | null;

  @Property({ type: 'string', nullable: true })
  userId!: string | null;

  @Property({ type: 'string', nullable: true })
  teamId!: string | null;

  /** Names of models it may ask for, `*` standing for any text; null is all. */
  @Property({ type: 'json', nullable: true })
  allowedModels!: string[] | null;

  /** Ids of endpoints it may call (`src/proxy/endpoints`), `*` standing for any text; null is all. */
  @Property({ type: 'json', nullable: true })
  allowedEndpoints!: string[] | null;

  /** Networks it may be used from, in CIDR notation; null is everywhere. */
  @Property({ type: 'json', nullable: true })
  sourceNetworks!: string[] | null;

  /** The owner's own notes; nothing here reads them. */
  @Property({ type: 'json', default: '{}' })
  metadata!: Opt<Record<string, unknown>>;

  /** Of the key before the last rotation, which still works until `previousUntil`. */
  @Property({ type: 'string', unique: true, nullable: true, hidden: true })
  previousHash!: string | null;

  @Property({ type: 'datetime', nullable: true })
  previousUntil!: Date | null;

  /** A tombstone: it serves no more, and its history keeps its name. */
  @Property({ type: 'datetime', nullable: true })
  deletedAt!: Date | null;

  @Property({ type: 'datetime' })
  createdAt!: Date;

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
