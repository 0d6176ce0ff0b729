import { ArgsType, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { enumOf } from '../../entities/enums.ts';
import { DateTime, SafeInt, Usd } from '../../entities/scalars.ts';
import type { UsageDimension } from '../../entities/usage-dimension.ts';
import type { Usage } from '../../entities/usage.ts';
import type { UsageSum } from '../../services/usage-sum.ts';
import { PAGE_MAX } from '../connection.ts';

export const UsageDimensionEnum = enumOf<UsageDimension>(
  'UsageDimension',
  'What usage can be told apart by.',
  {
    key: 'By virtual key.',
    team: "By the key's team at that time.",
    user: "By the key's owner at that time.",
    pool: 'By pool.',
    model: 'By model as it was asked for.',
    endpoint: 'By endpoint, such as `chat.completions`.',
    credential: 'By the credential that served last.',
  },
);

export type UsageStep = 'hour' | 'day';

export const UsageStepEnum = enumOf<UsageStep>('UsageStep', 'How long each point of a series is.', {
  hour: 'An hour of the zone.',
  day: 'A day of the zone: 23 to 25 hours where clocks are changed.',
});

@ObjectType({
  description: 'What was used, in classes that do not overlap: no unit is in two of them.',
  simpleResolvers: true,
})
export class UsageUnits implements Usage {
  @Field(() => SafeInt, { description: 'Prompt tokens that are neither cached nor audio.' })
  input!: number;

  @Field(() => SafeInt, { description: "Prompt text tokens read from the provider's cache." })
  cacheRead!: number;

  @Field(() => SafeInt, { description: "Prompt tokens written to the provider's cache." })
  cacheWrite!: number;

  @Field(() => SafeInt, { description: 'Completion tokens that are neither reasoning nor audio.' })
  output!: number;

  @Field(() => SafeInt, { description: 'Reasoning tokens.' })
  reasoning!: number;

  @Field(() => SafeInt, { description: 'Audio tokens of prompts that were not cached.' })
  inputAudio!: number;

  @Field(() => SafeInt, { description: "Audio tokens read from the provider's cache." })
  cacheReadAudio!: number;

  @Field(() => SafeInt, { description: 'Audio tokens of completions.' })
  outputAudio!: number;

  @Field(() => SafeInt, { description: 'Pictures made.' })
  images!: number;

  @Field(() => SafeInt, { description: 'Milliseconds of audio, where the provider bills by time.' })
  audioMillis!: number;

  @Field(() => SafeInt, { description: 'Calls that are billed by the request.' })
  requests!: number;
}

/** What calls came to. Ends of times are moved out to quarters of an hour. */
@ObjectType()
class Sums implements UsageSum {
  @Field(() => SafeInt, { description: 'Calls that were accepted and have ended.' })
  calls!: number;

  @Field(() => UsageUnits, { description: 'What they used.' })
  usage!: Usage;

  @Field(() => SafeInt, { description: 'Tokens sent: of all classes that are prompt tokens.' })
  inputTokens!: number;

  @Field(() => SafeInt, {
    description: 'Tokens received: of all classes that are completion tokens.',
  })
  outputTokens!: number;

  @Field(() => Usd, { description: 'What they cost, with all adjustments.', name: 'cost' })
  costNano!: bigint;

  @Field(() => Usd, {
    description: 'Of the cost, what was adjusted afterwards; negative: less.',
    name: 'adjusted',
  })
  adjustedNano!: bigint;
}

@ObjectType({ description: 'What calls came to, all together.' })
export class UsageTotals extends Sums {}

@ObjectType({ description: 'What calls came to that are alike in what they were grouped by.' })
export class UsageGroup extends Sums {
  of!: Readonly<Partial<Record<UsageDimension, string>>>;
}

@ObjectType({
  description: 'What calls came to that began in an hour or a day.',
})
export class UsagePoint extends Sums {
  @Field(() => DateTime, { description: 'Its beginning.', name: 'start' })
  startMs!: number;

  @Field(() => DateTime, { description: 'Its end, where the next begins.', name: 'end' })
  endMs!: number;
}

@InputType({
  description:
    'Which calls: those that have one of the values in each field given. Users of the gateway give ids, not names.',
})
export class UsageFilter {
  @Field(() => [ID], {
    description: 'Virtual keys, by id or the start of one.',
    nullable: true,
  })
  key?: string[];

  @Field(() => [ID], { description: 'Teams, by id or name.', nullable: true })
  team?: string[];

  @Field(() => [ID], { description: 'Users, by id or name.', nullable: true })
  user?: string[];

  @Field(() => [ID], { description: 'Pools, by id or name.', nullable: true })
  pool?: string[];

  @Field(() => [String], { description: 'Models as they were asked for.', nullable: true })
  model?: string[];

  @Field(() => [String], { description: 'Endpoints, such as `chat.completions`.', nullable: true })
  endpoint?: string[];

  @Field(() => [ID], {
    description: 'Credentials that served last: ids, `pool/name`, or names that only one has.',
    nullable: true,
  })
  credential?: string[];
}

@ArgsType()
export class UsageRange {
  @Field(() => DateTime, {
    description:
      'Only calls that began then or later; to a quarter of an hour. Of all times unless given.',
    nullable: true,
  })
  from?: Date;

  @Field(() => DateTime, {
    description: 'Only calls that began before; to a quarter of an hour. Until now unless given.',
    nullable: true,
  })
  to?: Date;
}

@ArgsType()
export class UsageArgs extends UsageRange {
  @Field(() => [UsageDimensionEnum], {
    description: 'What to tell apart; one group of all calls unless given.',
    nullable: true,
  })
  groupBy?: UsageDimension[];

  @Field(() => UsageFilter, { description: 'Only such calls.', nullable: true })
  filter?: UsageFilter;

  @Field(() => Int, {
    description: `How many groups, the dearest: 1 to ${PAGE_MAX}.`,
    defaultValue: 20,
  })
  first!: number;
}

@ArgsType()
export class SeriesArgs {
  @Field(() => UsageStepEnum, { description: 'Length of a point.' })
  step!: UsageStep;

  @Field(() => String, {
    description: 'IANA name of the time zone whose hours and days are meant.',
    defaultValue: 'UTC',
  })
  zone!: string;
}

@ArgsType()
export class UsageSeriesArgs extends SeriesArgs {
  @Field(() => UsageFilter, { description: 'Only such calls.', nullable: true })
  filter?: UsageFilter;

  @Field(() => DateTime, {
    description:
      'From the hour or day of this time on; a day back unless given, with days a month.',
    nullable: true,
  })
  from?: Date;

  @Field(() => DateTime, { description: 'Up to this time; now unless given.', nullable: true })
  to?: Date;
}

@ArgsType()
export class RecentArgs {
  @Field(() => Int, { description: `How many, the newest: 1 to ${PAGE_MAX}.`, defaultValue: 20 })
  first!: number;
}

@ArgsType()
export class TopArgs {
  @Field(() => Int, { description: `How many, the dearest: 1 to ${PAGE_MAX}.`, defaultValue: 20 })
  first!: number;
}

@ObjectType({
  description: 'What was used by one thing: a key, a team, a user, a pool or a credential.',
})
export class UsageStats {
  dimension!: UsageDimension;
  id!: string;
  from!: Date | undefined;
  to!: Date | undefined;
}
