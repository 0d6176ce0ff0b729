import type { Opt } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/**
 * One numbered row of what changed: the audit log, the activity log, the source of every live
 * view, and how other processes stay current. Rows are only ever added.
 */
@Entity({ tableName: 'events' })
export class Event {
  @PrimaryKey({ type: 'integer', autoincrement: true })
  seq!: Opt<number>;

  @Property({ type: 'datetime' })
  at!: Date;

  /** `noun.pastTense`, e.g. `virtual_key.created`. */
  @Property({ type: 'string' })
  type!: string;

  /** Id of the thing that changed. */
  @Property({ type: 'string' })
  subject!: string;

  @Property({ type: 'string' })
  actor!: string;

  @Property({ type: 'string', nullable: true })
  requestId!: string | null;

  @Property({ type: 'json', nullable: true })
  before!: unknown;

  @Property({ type: 'json', nullable: true })
  after!: unknown;
}
