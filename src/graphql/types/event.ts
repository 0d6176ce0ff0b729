import { Field, ID, InputType } from 'type-graphql';
import { Event } from '../../entities/event.ts';
import { DateTime } from '../../entities/scalars.ts';
import { connectionOf } from '../connection.ts';

@InputType({ description: 'Which events; absent is all.' })
export class EventFilter {
  @Field(() => [String], {
    description:
      'Only of these types, such as `virtual_key.created`; `*` at the end stands for any text (`credential*`).',
    nullable: true,
  })
  types?: string[];

  @Field(() => ID, { description: 'Only what happened to this thing, by id.', nullable: true })
  subject?: string;

  @Field(() => String, {
    description: 'Only what this one did: `system`, `cli`, `admin`, `token:NAME` or `user:ID`.',
    nullable: true,
  })
  actor?: string;

  @Field(() => DateTime, { description: 'Only what happened then or later.', nullable: true })
  from?: Date;

  @Field(() => DateTime, { description: 'Only what happened before.', nullable: true })
  to?: Date;
}

export const EventConnection = connectionOf(Event, 'Event');
