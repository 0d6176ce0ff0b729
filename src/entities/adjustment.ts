import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BigIntColumn, CountColumn } from './column-types.ts';

/** `reprice`: the price has changed since; `operator`: somebody knows better what the call cost. */
export type AdjustmentReason = 'reprice' | 'operator';

/**
 * A correction of what a call cost. Records stay as they were written: cost is the record's and all
 * its adjustments together. Rows are only ever added, in one commit with the roll-ups.
 */
@Entity({ tableName: 'adjustments' })
@Index({ properties: ['requestId'] })
export class Adjustment {
  @PrimaryKey({ type: 'string' })
  id!: string;

  /** The record that is corrected. */
  @Property({ type: 'string' })
  requestId!: string;

  @Property({ type: CountColumn })
  atMs!: number;

  @Property({ type: BigIntColumn })
  deltaNano!: bigint;

  @Property({ type: 'string' })
  reason!: AdjustmentReason;

  @Property({ type: 'string' })
  actor!: string;

  /** The price row used; empty where an operator has said what it costs. */
  @Property({ type: 'string' })
  priceId!: string;

  /** For people. */
  @Property({ type: 'string', nullable: true })
  note!: string | null;
}
