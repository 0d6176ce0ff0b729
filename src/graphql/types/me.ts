import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Role } from '../../services/actor.ts';

const ActorRole = { USER: 'user', VIEWER: 'viewer', OPERATOR: 'operator', ADMIN: 'admin' } as const;

registerEnumType(ActorRole, {
  name: 'ActorRole',
  description: 'What whoever asks may do, least first.',
  valuesConfig: {
    USER: { description: 'What is theirs alone.' },
    VIEWER: { description: 'Reads everything, changes nothing.' },
    OPERATOR: { description: 'Runs it day by day: keys, owners, budgets, bans.' },
    ADMIN: { description: 'May do everything.' },
  },
});

@ObjectType({ description: 'Who is asking.' })
export class Me {
  @Field(() => String, { description: 'As events tell it: `admin`, `token:NAME` or `user:ID`.' })
  name!: string;

  @Field(() => ActorRole, { description: 'What they may do.' })
  role!: Role;

  @Field(() => ID, {
    description: 'The user whose things alone they may see; null: not bound to one.',
    nullable: true,
  })
  userId!: string | null;
}
