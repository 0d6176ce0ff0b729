import { Field, ID, ObjectType } from 'type-graphql';

@ObjectType({ description: 'A thing by its id, and what people call it.' })
export class Named {
  @Field(() => ID, { description: 'Its id.' })
  id!: string;

  @Field(() => String, {
    description: 'Its name, also of one that is deleted; its id where nobody knows a name.',
  })
  name!: string;
}
