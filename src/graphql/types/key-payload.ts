import { Field, ObjectType } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import { VirtualKey } from '../../entities/virtual-key.ts';

@ObjectType({
  description: 'A key that was made or rotated, with its secret: the only time it is shown.',
})
export class KeyWithSecret {
  @Field(() => String, {
    description:
      'The key for `/v1`. Null where this very change was asked for before: it is shown once.',
    nullable: true,
  })
  secret!: string | null;

  @Field(() => VirtualKey, { description: 'The key.' })
  key!: VirtualKey;

  @Field(() => Budget, {
    description: 'The budget it was made with; null when it has none.',
    nullable: true,
  })
  budget!: Budget | null;
}
