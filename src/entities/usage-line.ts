import { Entity, PrimaryKey, Property, Unique } from '@mikro-orm/decorators/legacy';

/**
 * What a total is of. Lines of the family `call` name everything that tells calls apart; those of the
 * family `model` only the model, and so on: what they leave open is empty.
 */
@Entity({ tableName: 'usage_lines' })
@Unique({
  name: 'usage_lines_unique',
  properties: [
    'family',
    'keyId',
    'teamId',
    'userId',
    'poolId',
    'model',
    'endpoint',
    'credentialId',
  ],
})
export class UsageLine {
  @PrimaryKey({ type: 'integer', autoincrement: false })
  id!: number;

  @Property({ type: 'string' })
  family!: string;

  @Property({ type: 'string', default: '' })
  keyId!: string;

  @Property({ type: 'string', default: '' })
  teamId!: string;

  @Property({ type: 'string', default: '' })
  userId!: string;

  @Property({ type: 'string', default: '' })
  poolId!: string;

  @Property({ type: 'string', default: '' })
  model!: string;

  @Property({ type: 'string', default: '' })
  endpoint!: string;

  @Property({ type: 'string', default: '' })
  credentialId!: string;
}
