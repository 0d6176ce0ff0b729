import { Field, Int, ObjectType } from 'type-graphql';
import { DateTime } from '../../entities/scalars.ts';

@ObjectType({ description: 'What this server is, and how it is doing.' })
export class ServerInfo {
  @Field(() => String, { description: 'Version of Tollgate.' })
  version!: string;

  @Field(() => String, { description: 'Version of Node.js it runs on.' })
  nodeVersion!: string;

  @Field(() => DateTime, { description: 'When it was started.', name: 'startedAt' })
  startedAtMs!: number;

  @Field(() => Int, { description: 'Seconds since then.' })
  uptimeSeconds!: number;

  @Field(() => String, {
    description: 'Why it takes no calls now; null when it does.',
    nullable: true,
  })
  notReady!: string | null;

  @Field(() => Int, { description: '`/v1` calls under way now.' })
  inFlight!: number;
}
