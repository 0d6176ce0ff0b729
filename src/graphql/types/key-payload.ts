import { Field, ObjectType } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import { VirtualKey } from '../../entities/virtual-key.ts';
import { connectionOf } from '../connection.ts';

export const VirtualKeyConnection = connectionOf(VirtualKey, 'VirtualKey');

@ObjectType({ description: 'A key that was made, with its secret: the only time it is shown.' })
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

@ObjectType({
  description: 'A key that was rotated, with its new secret: the only time it is shown.',
})
export class RotatedKey {
  @Field(() => String, {
    description:
      'The key for `/v1`. Null where this very change was asked for before: it is shown once.',
    nullable: true,
  })
  secret!: string | null;

  @Field(() => VirtualKey, { description: 'The key, under the id that it had.' })
  key!: VirtualKey;
}
