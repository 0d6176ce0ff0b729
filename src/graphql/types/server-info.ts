import { Field, ID, Int, ObjectType } from 'type-graphql';
import { DateTime, SafeInt, Usd } from '../../entities/scalars.ts';

@ObjectType({ description: 'What this server is, and how it is doing.' })
export class ServerInfo {
  @Field(() => String, { description: 'Version of Tollgate.' })
  version!: string;

  @Field(() => String, { description: 'Version of Node.js it runs on.' })
  nodeVersion!: string;

  @Field(() => ID, {
    description:
      'Identifies this run of the server, new at every start; holds of its calls have it.',
  })
  instanceId!: string;

  @Field(() => DateTime, { description: 'When it was started.', name: 'startedAt' })
  startedAtMs!: number;

  @Field(() => Int, { description: 'Seconds since it was started.' })
  uptimeSeconds!: number;

  @Field(() => String, {
    description: 'Why it takes no calls now; null when it does.',
    nullable: true,
  })
  notReady!: string | null;

  @Field(() => Int, { description: '`/v1` calls under way now.' })
  inFlight!: number;
}

@ObjectType({ description: 'What is in the database of the data directory now.' })
export class ServerStore {
  @Field(() => SafeInt, { description: 'Calls whose hold is not settled yet.' })
  openHolds!: number;

  @Field(() => Usd, {
    description: 'What is reserved for calls whose hold is not settled yet.',
    name: 'held',
  })
  heldNano!: bigint;

  @Field(() => SafeInt, { description: 'Number of the newest event; 0 when there is none.' })
  lastEventSeq!: number;

  @Field(() => SafeInt, { description: 'Bytes of the file and its write-ahead log.' })
  bytes!: number;
}

@ObjectType({ description: 'What is promised, and whether it holds on this server now.' })
export class Guarantee {
  @Field(() => ID, { description: 'Its name, which does not change.' })
  id!: string;

  @Field(() => String, { description: 'What is promised.' })
  statement!: string;

  @Field(() => Boolean, { description: 'Whether it holds here, as the server is set up now.' })
  isInForce!: boolean;

  @Field(() => String, { description: 'Why, or why not.' })
  why!: string;
}
