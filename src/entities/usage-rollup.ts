import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BigIntColumn, CountColumn } from './column-types.ts';
import { UsageColumns } from './usage-columns.ts';

/**
 * Totals by hour × key × model × credential, written in the same commit as the records they sum.
 * Derived: `tollgate ledger verify` proves them, and they can be rebuilt from the records.
 */
@Entity({ tableName: 'usage_rollups' })
export class UsageRollup extends UsageColumns {
  /** Start of the hour, milliseconds since the epoch. */
  @PrimaryKey({ type: CountColumn })
  hourMs!: number;

  @PrimaryKey({ type: 'string' })
  keyId!: string;

  @PrimaryKey({ type: 'string' })
  model!: string;

  @PrimaryKey({ type: 'string' })
  credentialId!: string;

  @Property({ type: CountColumn })
  calls!: number;

  @Property({ type: BigIntColumn })
  costNano!: bigint;
}
