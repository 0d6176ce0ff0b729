import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { BudgetScope } from './budget-scope.ts';
import { BigIntColumn } from './column-types.ts';

/** A cap on the money a subject may spend per period. What was spent is the ledger's to say. */
@Entity({ tableName: 'budgets' })
@Index({ properties: ['scope', 'subjectId'] })
export class Budget {
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  scope!: BudgetScope;

  /** The key, team, user or pool whose calls count. */
  @Property({ type: 'string' })
  subjectId!: string;

  /** For people. */
  @Property({ type: 'string', nullable: true })
  name!: string | null;

  @Property({ type: BigIntColumn })
  capNano!: bigint;

  @Property({ type: 'string' })
  period!: BudgetPeriod;

  /** IANA name of the time zone whose midnights and Mondays bound the periods. */
  @Property({ type: 'string', default: 'UTC' })
  zone!: string;

  /** Refuses what would exceed the cap; a soft one only alerts. */
  @Property({ type: 'boolean' })
  isHard!: boolean;

  /** Holds are provable upper bounds of a call's cost, not estimates. */
  @Property({ type: 'boolean' })
  isStrict!: boolean;

  /** Percentages of the cap at which somebody is told. */
  @Property({ type: 'json' })
  alertPercents!: number[];

  /** A disabled one goes on counting, but neither refuses nor alerts. */
  @Property({ type: 'boolean' })
  isEnabled!: boolean;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}

/** `none` never resets; weeks begin on Monday. */
export type BudgetPeriod = 'none' | 'hourly' | 'daily' | 'weekly' | 'monthly';
