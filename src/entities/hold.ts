import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BigIntColumn, CountColumn } from './column-types.ts';

/**
 * Money reserved for a call that is under way, here or in another service. The row exists exactly as
 * long as the hold does: the commit that writes the settlement deletes it, so it can be resolved only
 * once.
 */
@Entity({ tableName: 'holds' })
export class Hold {
  /** The request id. */
  @PrimaryKey({ type: 'string' })
  id!: string;

  /**
   * The server instance that must resolve it; a dead owner's holds are recovered at start. `remote`:
   * another service, until it expires.
   */
  @Property({ type: 'string' })
  owner!: string;

  @Property({ type: 'string' })
  keyId!: string;

  @Property({ type: 'string' })
  poolId!: string;

  /** Owner of the key at that time; empty when it had none. */
  @Property({ type: 'string', default: '' })
  userId!: string;

  @Property({ type: 'string', default: '' })
  teamId!: string;

  @Property({ type: 'string' })
  endpoint!: string;

  @Property({ type: 'string' })
  model!: string;

  @Property({ type: BigIntColumn })
  amountNano!: bigint;

  @Property({ type: CountColumn })
  createdAtMs!: number;

  @Property({ type: CountColumn })
  expiresAtMs!: number;
}
