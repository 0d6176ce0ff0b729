import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { CountColumn } from './column-types.ts';

/**
 * A sentence on a credential, for all models or for one. In force while it has neither ended nor
 * passed `untilMs`; rows stay as the journal of what was banned, why and until when.
 */
@Entity({ tableName: 'bans' })
@Index({ properties: ['credentialId'] })
export class Ban {
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  credentialId!: string;

  /** Upstream model; null is the whole credential. */
  @Property({ type: 'string', nullable: true })
  model!: string | null;

  @Property({ type: 'string' })
  reason!: BanReason;

  @Property({ type: 'json' })
  evidence!: BanEvidence;

  /** Who imposed it: `system` or an actor's name. */
  @Property({ type: 'string' })
  actor!: string;

  /** 1 for the first in a row; each further one may last longer. */
  @Property({ type: 'integer' })
  strike!: number;

  @Property({ type: CountColumn })
  startedAtMs!: number;

  /** Null: until somebody lifts it. */
  @Property({ type: CountColumn, nullable: true })
  untilMs!: number | null;

  @Property({ type: CountColumn, nullable: true })
  endedAtMs!: number | null;

  /** Who ended it before or at its time; null while nobody has. */
  @Property({ type: 'string', nullable: true })
  endedBy!: string | null;
}

/** unauthorized: the provider refused it, also when we asked · counted: too many listed failures · operator: by hand. */
export type BanReason = 'unauthorized' | 'counted' | 'operator';

export interface BanEvidence {
  /** Statuses that led to it, oldest first; the last may be our own probe's. */
  statuses: number[];
  /** The calls that saw them. */
  requestIds: string[];
  /** An operator's words. */
  note?: string;
}
