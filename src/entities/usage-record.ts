import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BigIntColumn, CountColumn } from './column-types.ts';
import type { AttemptNote, Outcome, RouteNote } from './call-record.ts';
import { UsageColumns } from './usage-columns.ts';

/**
 * The ledger: exactly one row for each accepted request, written once by the ledger writer and
 * never changed. Columns are integers and short texts; prompts and secrets have no place here.
 */
@Entity({ tableName: 'usage_records' })
export class UsageRecord extends UsageColumns {
  /** The request id (UUIDv7), as in `x-request-id`. */
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  keyId!: string;

  @Property({ type: 'string' })
  poolId!: string;

  /** Owner of the key at that time; empty when it had none. */
  @Property({ type: 'string', default: '' })
  userId!: string;

  @Property({ type: 'string', default: '' })
  teamId!: string;

  /** Who served it last; empty when nobody could be asked. */
  @Property({ type: 'string' })
  credentialId!: string;

  @Property({ type: 'string' })
  endpoint!: string;

  @Property({ type: 'string' })
  model!: string;

  @Property({ type: 'boolean' })
  isStream!: boolean;

  @Property({ type: CountColumn })
  startedAtMs!: number;

  @Property({ type: 'integer' })
  durationMs!: number;

  /** Request accepted to first byte given to the client; null when there was none. */
  @Property({ type: 'integer', nullable: true })
  firstByteMs!: number | null;

  /** The HTTP status the client saw. */
  @Property({ type: 'integer' })
  status!: number;

  @Property({ type: 'string' })
  outcome!: Outcome;

  /** `ok`, or the code of the error that ended it. */
  @Property({ type: 'string' })
  reason!: string;

  @Property({ type: 'json' })
  attempts!: AttemptNote[];

  @Property({ type: 'json', nullable: true })
  route!: RouteNote | null;

  @Property({ type: 'string' })
  usageSource!: string;

  @Property({ type: BigIntColumn })
  costNano!: bigint;

  /** The price row used; empty when nothing was to be priced. */
  @Property({ type: 'string' })
  priceId!: string;

  /** False when some of the usage had no price: the cost is then a lower bound. */
  @Property({ type: 'boolean' })
  isPriced!: boolean;

  @Property({ type: BigIntColumn })
  holdNano!: bigint;
}
