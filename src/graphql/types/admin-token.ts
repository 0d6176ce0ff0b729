import { Field, InputType, Int, ObjectType } from 'type-graphql';
import type { AdminRole } from '../../entities/admin-role.ts';
import { AdminToken } from '../../entities/admin-token.ts';
import { RoleEnum } from '../../entities/enums.ts';

@InputType({ description: 'An admin token to be made.' })
export class CreateAdminTokenInput {
  @Field(() => String, {
    description:
      'What or who it is for, 1 to 255 characters; unique for all time, also among revoked ones.',
  })
  name!: string;

  @Field(() => RoleEnum, { description: 'What it may do.' })
  role!: AdminRole;

  @Field(() => Int, {
    description: 'Days until it expires, 1 to 36500; never unless given.',
    nullable: true,
  })
  expiresInDays?: number | null;
}

@ObjectType({
  description: 'An admin token that was made, with its secret: the only time it is shown.',
})
export class AdminTokenWithSecret {
  @Field(() => String, {
    description:
      'What to show as `authorization: Bearer`. Null where this very change was asked for before: it is shown once.',
    nullable: true,
  })
  secret!: string | null;

  @Field(() => AdminToken, { description: 'The token.' })
  token!: AdminToken;
}
