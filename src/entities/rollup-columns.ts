import { Property } from '@mikro-orm/decorators/legacy';
import { BigIntColumn, CountColumn } from './column-types.ts';
import { UsageColumns } from './usage-columns.ts';

/** What is added up of calls. */
export abstract class RollupColumns extends UsageColumns {
  @Property({ type: CountColumn })
  calls!: number;

  /** With all adjustments. */
  @Property({ type: BigIntColumn })
  costNano!: bigint;

  /** Of the cost, what was adjusted afterwards. */
  @Property({ type: BigIntColumn })
  adjustedNano!: bigint;
}
