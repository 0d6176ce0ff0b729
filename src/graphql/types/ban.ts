import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Ban } from '../../entities/ban.ts';
import type { BanReason } from '../../entities/ban.ts';
import { Credential } from '../../entities/credential.ts';
import { BanReasonEnum } from '../../entities/enums.ts';
import { SafeInt } from '../../entities/scalars.ts';
import { connectionOf } from '../connection.ts';

export const BanConnection = connectionOf(Ban, 'Ban');

const CREDENTIAL = 'Id, `pool/name`, or a name that one alone has.';

@ObjectType({ description: 'What led to a ban.' })
export class BanEvidence {
  @Field(() => [Int], {
    description: "Upstream statuses, oldest first; the last may be of the gateway's own probe.",
  })
  statuses!: number[];

  @Field(() => [ID], { description: 'The calls that saw them, for `explainRequest`.' })
  requestIds!: string[];

  @Field(() => String, { description: 'What the operator had to say.', nullable: true })
  note?: string | null;
}

@InputType({ description: 'Which bans are meant.' })
export class BanFilter {
  @Field(() => ID, {
    description: 'Of this credential: id, `pool/name`, or a name that one alone has.',
    nullable: true,
  })
  credential?: string;

  @Field(() => ID, { description: 'Of this pool, by id or name.', nullable: true })
  pool?: string;

  @Field(() => Boolean, {
    description: 'True: in force now; false: over.',
    nullable: true,
  })
  isActive?: boolean;

  @Field(() => BanReasonEnum, { description: 'Imposed for this reason.', nullable: true })
  reason?: BanReason;
}

@InputType({ description: 'A ban to be imposed.' })
export class BanCredentialInput {
  @Field(() => ID, { description: CREDENTIAL })
  credential!: string;

  @Field(() => String, {
    description: 'Upstream model; the whole credential unless given.',
    nullable: true,
  })
  model?: string;

  @Field(() => SafeInt, {
    description: 'Milliseconds it lasts; until it is lifted unless given.',
    nullable: true,
  })
  durationMs?: number;

  @Field(() => String, { description: 'Why, for people; 500 characters at most.', nullable: true })
  note?: string;
}

@ObjectType({ description: 'Bans that were ended, and whose they were.' })
export class LiftedBans {
  @Field(() => Credential, { description: 'The credential.' })
  credential!: Credential;

  @Field(() => [Ban], { description: 'Those that were in force, oldest first.' })
  bans!: Ban[];
}
