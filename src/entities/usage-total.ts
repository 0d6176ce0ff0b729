import { Entity, PrimaryKey } from '@mikro-orm/decorators/legacy';
import { CountColumn } from './column-types.ts';
import { RollupColumns } from './rollup-columns.ts';

/**
 * What a line came to in a span of time: a quarter of an hour, a day, or 32 days (UTC). Whatever is
 * asked for is made of few rows: coarse lines where they suffice, and long spans between the ends.
 */
@Entity({ tableName: 'usage_totals' })
export class UsageTotal extends RollupColumns {
  /** Length of the span in milliseconds. */
  @PrimaryKey({ type: CountColumn })
  spanMs!: number;

  @PrimaryKey({ type: 'integer' })
  lineId!: number;

  /** Start of the span, milliseconds since the epoch; a multiple of its length. */
  @PrimaryKey({ type: CountColumn })
  startMs!: number;
}
