import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { CountColumn } from './column-types.ts';

/**
 * Where the records of a quarter of an hour are: between two ids. It spares the ledger an index by
 * time, which every commit would pay for.
 */
@Entity({ tableName: 'usage_quarters' })
export class UsageQuarter {
  /** Start of the quarter, milliseconds since the epoch. */
  @PrimaryKey({ type: CountColumn, autoincrement: false })
  quarterMs!: number;

  @Property({ type: 'string' })
  firstId!: string;

  @Property({ type: 'string' })
  lastId!: string;
}
