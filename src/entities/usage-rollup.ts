import { Entity, PrimaryKey } from '@mikro-orm/decorators/legacy';
import { CountColumn } from './column-types.ts';
import { RollupColumns } from './rollup-columns.ts';

/**
 * Sums of calls that are alike, by quarters of an hour: every zone's hours and days begin at one.
 * Written in the same commit as the records they sum, and carried over to `usage_totals` soon after:
 * both together are all that was used. Derived: `tollgate ledger verify` proves them, and they can be
 * rebuilt from the records.
 */
@Entity({ tableName: 'usage_rollups' })
export class UsageRollup extends RollupColumns {
  /** Start of the quarter, milliseconds since the epoch. */
  @PrimaryKey({ type: CountColumn })
  quarterMs!: number;

  @PrimaryKey({ type: 'string' })
  keyId!: string;

  @PrimaryKey({ type: 'string' })
  teamId!: string;

  @PrimaryKey({ type: 'string' })
  userId!: string;

  @PrimaryKey({ type: 'string' })
  poolId!: string;

  @PrimaryKey({ type: 'string' })
  model!: string;

  @PrimaryKey({ type: 'string' })
  endpoint!: string;

  @PrimaryKey({ type: 'string' })
  credentialId!: string;
}
