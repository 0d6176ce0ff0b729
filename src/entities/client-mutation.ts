import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { CountColumn } from './column-types.ts';

/**
 * A change that was made under an id of the caller's, and what came of it: who asks again gets the
 * same answer, and nothing is done twice. Written in the commit of the change itself.
 */
@Entity({ tableName: 'client_mutations' })
@Index({ properties: ['atMs'] })
export class ClientMutation {
  @PrimaryKey({ type: 'string' })
  actor!: string;

  /** The caller's. */
  @PrimaryKey({ type: 'string' })
  mutationId!: string;

  @Property({ type: 'string' })
  operation!: string;

  /** SHA-256 of what was asked for. */
  @Property({ type: 'string' })
  inputHash!: string;

  /** Tagged JSON, without secrets. */
  @Property({ type: 'text' })
  result!: string;

  @Property({ type: CountColumn })
  atMs!: number;
}
