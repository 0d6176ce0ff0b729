import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { CountColumn } from './column-types.ts';
import { BanReasonEnum } from './enums.ts';
import { DateTime } from './scalars.ts';

/**
 * A sentence on a credential, for all models or for one. In force while it has neither ended nor
 * passed `untilMs`; rows stay as the journal of what was banned, why and until when.
 */
@ObjectType('Ban', { description: 'A sentence on a credential, for all models or for one.' })
@Entity({ tableName: 'bans' })
@Index({ properties: ['credentialId'] })
export class Ban {
  @Field(() => ID, { description: 'Identifies the ban.' })
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Field(() => ID, { description: 'The banned credential.' })
  @Property({ type: 'string' })
  credentialId!: string;

  /** Upstream model; null is the whole credential. */
  @Field(() => String, {
    description: 'Upstream model; null is the whole credential.',
    nullable: true,
  })
  @Property({ type: 'string', nullable: true })
  model!: string | null;

  @Field(() => BanReasonEnum, { description: 'Why it was imposed.' })
  @Property({ type: 'string' })
  reason!: BanReason;

  @Property({ type: 'json' })
  evidence!: BanEvidence;

  /** Who imposed it: `system` or an actor's name. */
  @Field(() => String, { description: 'Who imposed it: `system`, `cli`, `admin` or `token:NAME`.' })
  @Property({ type: 'string' })
  actor!: string;

  /** 1 for the first in a row; each further one may last longer. */
  @Field(() => Int, { description: '1 for the first in a row; each further one may last longer.' })
  @Property({ type: 'integer' })
  strike!: number;

  @Field(() => DateTime, { description: 'When it began.', name: 'startedAt' })
  @Property({ type: CountColumn })
  startedAtMs!: number;

  /** Null: until somebody lifts it. */
  @Field(() => DateTime, {
    description: 'When it ends; null: when somebody lifts it.',
    nullable: true,
    name: 'until',
  })
  @Property({ type: CountColumn, nullable: true })
  untilMs!: number | null;

  @Field(() => DateTime, {
    description: 'When it was ended; null while nobody has.',
    nullable: true,
    name: 'endedAt',
  })
  @Property({ type: CountColumn, nullable: true })
  endedAtMs!: number | null;

  /** Who ended it before or at its time; null while nobody has. */
  @Field(() => String, { description: 'Who ended it.', nullable: true })
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
