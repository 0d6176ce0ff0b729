import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A group of virtual keys that share limits and budgets. */
@Entity({ tableName: 'teams' })
export class Team {
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string', unique: true })
  name!: string;

  /** Keys of a team that is switched off are refused. */
  @Property({ type: 'boolean' })
  isEnabled!: boolean;

  /** Of all its keys together: requests and tokens in any 60 seconds, calls at once; null is unlimited. */
  @Property({ type: 'integer', nullable: true })
  rpmLimit!: number | null;

  @Property({ type: 'integer', nullable: true })
  tpmLimit!: number | null;

  @Property({ type: 'integer', nullable: true })
  concurrencyLimit!: number | null;

  /** The operator's own notes; nothing here reads them. */
  @Property({ type: 'json' })
  metadata!: Opt<Record<string, unknown>>;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
