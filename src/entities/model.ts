import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** A model that the price catalogue knows. */
@Entity({ tableName: 'models' })
export class Model {
  /** `provider/name`. */
  @PrimaryKey({ type: 'string' })
  id!: string;

  @Property({ type: 'string' })
  provider!: string;

  @Property({ type: 'string' })
  name!: string;
}
