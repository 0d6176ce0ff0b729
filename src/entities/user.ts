import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A person or service that owns virtual keys. */
@Entity({ tableName: 'users' })
export class User {
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string', unique: true })
  name!: string;

  /** Keys of a user that is switched off are refused. */
  @Property({ type: 'boolean' })
  isEnabled!: boolean;

  /** The operator's own notes; nothing here reads them. */
  @Property({ type: 'json' })
  metadata!: Opt<Record<string, unknown>>;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
