import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { BudgetScope } from './budget-scope.ts';
import { BigIntColumn, CountColumn } from './column-types.ts';

/**
 * What each key, team, user and pool has spent, by quarters of an hour: every zone's hours, days and
 * months begin at one. Written in the same commit as the records it sums; derived, as `usage_rollups` is.
 */
@Entity({ tableName: 'spend_rollups' })
export class SpendRollup {
  @PrimaryKey({ type: 'string' })
  scope!: BudgetScope;

  @PrimaryKey({ type: 'string' })
  subjectId!: string;

  /** Start of the quarter, milliseconds since the epoch. */
  @PrimaryKey({ type: CountColumn })
  quarterMs!: number;

  @Property({ type: CountColumn })
  calls!: number;

  @Property({ type: BigIntColumn })
  costNano!: bigint;
}
