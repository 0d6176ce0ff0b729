import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { PoolPolicy } from './pool-policy.ts';

/** A named set of credentials with a routing strategy and a failure policy. */
@Entity({ tableName: 'pools' })
export class Pool {
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string', unique: true })
  name!: string;

  /** Key of the strategy registry (`src/routing/index.ts`). */
  @Property({ type: 'string' })
  strategy!: string;

  @Property({ type: 'json' })
  policy!: PoolPolicy;

  /** Under `selected_then_rotate`: whom calls go to first; null is the oldest. */
  @Property({ type: 'string', nullable: true })
  selectedCredentialId!: string | null;

  /** `config` rows follow the configuration at every start; others belong to operators. */
  @Property({ type: 'string' })
  source!: 'config' | 'operator';

  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime' })
  updatedAt!: Date;
}
