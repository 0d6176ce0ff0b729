import { Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** One version of a model's price. Rows are never changed: a new price is a new row. */
@Entity({ tableName: 'prices' })
@Index({ properties: ['provider', 'model'] })
export class Price {
  /** Derived from the content, so that the same price always has the same id. */
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  provider!: string;

  @Property({ type: 'string' })
  model!: string;

  /** Epoch 0 when it always held. */
  @Property({ type: 'datetime' })
  validFrom!: Date;

  /** Nano-USD per million units by usage class, decimal text. */
  @Property({ type: 'json' })
  rates!: Record<string, string>;

  @Property({ type: 'json' })
  tiers!: { startsAbove: number; rates: Record<string, string> }[];

  @Property({ type: 'string' })
  source!: 'catalogue' | 'config';

  @Property({ type: 'string' })
  version!: string;

  @Property({ type: 'datetime' })
  createdAt!: Date;
}
