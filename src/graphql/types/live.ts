import { ArgsType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Outcome } from '../../entities/call-record.ts';
import { OutcomeEnum } from '../../entities/enums.ts';
import { DateTime, SafeInt, Usd } from '../../entities/scalars.ts';

const AFTER =
  'Number of the last event seen (`seq`): what came since then is told first. From now on unless given.';

@ArgsType()
export class ChangesArgs {
  @Field(() => SafeInt, { description: AFTER, nullable: true })
  after?: number;

  @Field(() => ID, {
    description: 'Only what concerns the thing of this id; all of them unless given.',
    nullable: true,
  })
  subject?: string;
}

@ArgsType()
export class EventsArgs extends ChangesArgs {
  @Field(() => [String], {
    description:
      'Only these types, such as `virtual_key.created`; `*` at the end stands for any text (`credential_*`). All of them unless given.',
    nullable: true,
  })
  types?: string[];
}

@ArgsType()
export class BalancesArgs {
  @Field(() => [ID], { description: 'Only these credentials, by id.', nullable: true })
  credential?: string[];

  @Field(() => [ID], { description: 'Only credentials of these pools, by id.', nullable: true })
  pool?: string[];
}

@InputType({
  description:
    'Which calls: those that have one of the values in each field given. Things are named by id.',
})
export class SettledFilter {
  @Field(() => [ID], { description: 'Virtual keys, by id.', nullable: true })
  key?: string[];

  @Field(() => [ID], { description: 'Teams, by id.', nullable: true })
  team?: string[];

  @Field(() => [ID], { description: 'Users, by id.', nullable: true })
  user?: string[];

  @Field(() => [ID], { description: 'Pools, by id.', nullable: true })
  pool?: string[];

  @Field(() => [String], { description: 'Models as they were asked for.', nullable: true })
  model?: string[];

  @Field(() => [String], {
    description: 'Endpoints, such as `chat.completions`.',
    nullable: true,
  })
  endpoint?: string[];

  @Field(() => [ID], { description: 'Credentials that served last, by id.', nullable: true })
  credential?: string[];
}

@ArgsType()
export class SettledArgs {
  @Field(() => SettledFilter, { description: 'Only such calls.', nullable: true })
  filter?: SettledFilter;

  @Field(() => [OutcomeEnum], { description: 'Only calls that ended so.', nullable: true })
  outcome?: Outcome[];

  @Field(() => Boolean, {
    description: 'Only calls whose client saw a status from 400 on; false: only the others.',
    nullable: true,
  })
  isFailed?: boolean;
}

@ArgsType()
export class StatsArgs {
  @Field(() => Int, {
    description: 'Seconds from one report to the next, 1 to 60.',
    defaultValue: 1,
  })
  intervalSeconds!: number;
}

@ObjectType({ description: 'What a credential has left, as far as is known now.' })
export class BalanceChange {
  @Field(() => ID, { description: 'The credential.' })
  credentialId!: string;

  @Field(() => String, { description: 'Name of the credential.' })
  credentialName!: string;

  @Field(() => ID, { description: 'Pool of the credential.' })
  poolId!: string;

  @Field(() => String, { description: 'The name of its pool.' })
  poolName!: string;

  @Field(() => DateTime, { description: 'When this was so.', name: 'at' })
  atMs!: number;

  @Field(() => Usd, {
    description:
      'Dollars left: as its provider last told, less what calls have cost since; null: never told.',
    nullable: true,
    name: 'balance',
  })
  balanceNano!: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars spent in all, as its provider last told; null: never told.',
    nullable: true,
    name: 'used',
  })
  usedNano!: bigint | null;

  @Field(() => DateTime, {
    description: 'When its provider last told.',
    nullable: true,
    name: 'checkedAt',
  })
  checkedAtMs!: number | null;
}

@ObjectType({ description: 'Calls that ended in an error, by who must act.' })
export class ErrorCounts {
  @Field(() => SafeInt, { description: 'The client: a wrong key, a bad request, a spent budget.' })
  client!: number;

  @Field(() => SafeInt, { description: 'Nobody had room: limits of credentials, overload.' })
  capacity!: number;

  @Field(() => SafeInt, { description: 'The provider failed.' })
  upstream!: number;

  @Field(() => SafeInt, { description: 'The gateway itself failed.' })
  platform!: number;
}

@ObjectType({ description: 'What was counted over some time.' })
export class LiveCounts {
  @Field(() => SafeInt, { description: 'Calls settled.' })
  calls!: number;

  @Field(() => SafeInt, { description: 'Tokens of all kinds that the calls used.' })
  tokens!: number;

  @Field(() => Usd, { description: 'What the calls cost.', name: 'cost' })
  costNano!: bigint;

  @Field(() => ErrorCounts, {
    description: 'Those of them that ended in an error, by who must act.',
  })
  errors!: ErrorCounts;
}

@ObjectType({ description: 'How busy the gateway is.' })
export class LiveStats {
  @Field(() => DateTime, { description: 'When this was so.', name: 'at' })
  atMs!: number;

  @Field(() => Int, {
    description:
      'Length of the window that the rates are about, milliseconds; 0 in the first report.',
  })
  windowMs!: number;

  @Field(() => LiveCounts, { description: 'Counted in the window.' })
  window!: LiveCounts;

  @Field(() => LiveCounts, { description: 'Counted since the subscription began.' })
  total!: LiveCounts;

  @Field(() => Int, { description: '`/v1` calls under way now.' })
  inFlight!: number;
}
