import type { Opt } from '@mikro-orm/core';
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

  /** Share of the pool's calls under `weighted`. */
  @Property({ type: 'integer', default: 1 })
  weight!: Opt<number>;

  /** Tier under `priority`: lower ones serve first. */
  @Property({ type: 'integer', default: 1 })
  priority!: Opt<number>;

  /** Requests and tokens in any 60 seconds; null is unlimited. */
  @Property({ type: 'integer', nullable: true })
  rpmLimit!: number | null;

  @Property({ type: 'integer', nullable: true })
  tpmLimit!: number | null;

  /** Names it serves, each with at most one `*`; null: those its provider lists. */
  @Property({ type: 'json', nullable: true })
  models!: string[] | null;

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
