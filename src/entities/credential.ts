import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';
import { BigIntColumn } from './column-types.ts';

/** A provider secret we hold. The secret itself is sealed; see `src/lib/seal.ts`. */
@Entity({ tableName: 'credentials' })
@Unique({ properties: ['poolId', 'name'] })
export class Credential {
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  poolId!: string;

  @Property({ type: 'string' })
  name!: string;

  /** Key of the provider registry (`src/providers/index.ts`). */
  @Property({ type: 'string' })
  provider!: string;

  @Property({ type: 'string' })
  baseUrl!: string;

  @Property({ type: 'text', hidden: true, lazy: true })
  secretSealed!: string;

  /** Last four characters, so that people can tell secrets apart. */
  @Property({ type: 'string' })
  secretHint!: string;

  @Property({ type: 'boolean' })
  isEnabled!: boolean;

  @Property({ type: 'string' })
  source!: 'config' | 'operator';

  /** What the provider said at `balanceCheckedAt`; null when it has no balance to ask for. */
  @Property({ type: BigIntColumn, nullable: true })
  balanceNano!: bigint | null;

  @Property({ type: BigIntColumn, nullable: true })
  balanceUsedNano!: bigint | null;

  @Property({ type: 'datetime', nullable: true })
  balanceCheckedAt!: Date | null;

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
