import { Field, InputType, Int } from 'type-graphql';
import { JsonObject } from '../../entities/scalars.ts';
import { Team } from '../../entities/team.ts';
import { User } from '../../entities/user.ts';
import type { CreateUserInput as Wanted } from '../../services/users.ts';
import { connectionOf } from '../connection.ts';

type Metadata = NonNullable<Wanted['metadata']>;

export const UserConnection = connectionOf(User, 'User');
export const TeamConnection = connectionOf(Team, 'Team');

const NAME = 'Unique name, 1 to 255 characters, not of the form of an id.';
const NOTES = 'Notes of your own, 16384 characters at most; nothing here reads them.';
const IS_ENABLED = 'False: all its keys are refused from now on.';

@InputType({ description: 'A user to be made.' })
export class CreateUserInput {
  @Field(() => String, { description: NAME })
  name!: string;

  @Field(() => JsonObject, { description: NOTES, nullable: true })
  metadata?: Metadata;
}

@InputType({ description: 'What to change in a user. What is absent stays as it is.' })
export class UpdateUserInput {
  @Field(() => String, { description: NAME, nullable: true })
  name?: string;

  @Field(() => Boolean, { description: IS_ENABLED, nullable: true })
  isEnabled?: boolean;

  @Field(() => JsonObject, { description: NOTES, nullable: true })
  metadata?: Metadata;
}

/** What may be said of a team that is made and of one that is changed. */
@InputType()
class TeamSettings {
  @Field(() => Int, {
    description: 'Requests in any 60 seconds of all its keys together; null is unlimited.',
    nullable: true,
  })
  rpmLimit?: number | null;

  @Field(() => Int, {
    description: 'Tokens in any 60 seconds of all its keys together; null is unlimited.',
    nullable: true,
  })
  tpmLimit?: number | null;

  @Field(() => Int, {
    description: 'Calls at once of all its keys together; null is unlimited.',
    nullable: true,
  })
  concurrencyLimit?: number | null;

  @Field(() => JsonObject, { description: NOTES, nullable: true })
  metadata?: Metadata;
}

@InputType({ description: 'A team to be made.' })
export class CreateTeamInput extends TeamSettings {
  @Field(() => String, { description: NAME })
  name!: string;
}

@InputType({ description: 'What to change in a team. What is absent stays as it is.' })
export class UpdateTeamInput extends TeamSettings {
  @Field(() => String, { description: NAME, nullable: true })
  name?: string;

  @Field(() => Boolean, { description: IS_ENABLED, nullable: true })
  isEnabled?: boolean;
}
