import { Field, ObjectType } from 'type-graphql';
import { DateTime, SafeInt } from '../../entities/scalars.ts';
import type { LiveWindow, LiveWindows } from '../../services/live-limits.ts';

@ObjectType({ description: 'One limit, as it stands at this moment.' })
export class LimitWindow implements LiveWindow {
  @Field(() => SafeInt, { description: 'The limit; null is unlimited.', nullable: true })
  limit!: number | null;

  @Field(() => SafeInt, {
    description: 'What counts against it; null where nobody counts, as there is no limit.',
    nullable: true,
  })
  used!: number | null;

  @Field(() => SafeInt, { description: 'What is left; null: unlimited.', nullable: true })
  remaining!: number | null;

  @Field(() => DateTime, {
    description:
      'When all of it is there again, if nothing more is taken; null: unlimited, or calls under way.',
    name: 'resetsAt',
    nullable: true,
  })
  resetsAtMs!: number | null;
}

@ObjectType({ description: 'The limits of a key or team, and what is used of them now.' })
export class LiveLimits implements LiveWindows {
  @Field(() => LimitWindow, { description: 'Requests in the last 60 seconds.' })
  requests!: LimitWindow;

  @Field(() => LimitWindow, {
    description: 'Tokens in the last 60 seconds; of calls under way what they are estimated at.',
  })
  tokens!: LimitWindow;

  @Field(() => LimitWindow, { description: 'Calls under way.' })
  concurrency!: LimitWindow;
}
