import { Field, Int, ObjectType } from 'type-graphql';
import { enumOf } from '../../entities/enums.ts';
import { DateTime } from '../../entities/scalars.ts';
import type {
  OriginScope,
  OriginState,
  ProviderHealthFacts,
} from '../../services/provider-health.ts';

export const OriginStateEnum = enumOf<OriginState>('OriginState', 'How well an origin is.', {
  healthy: 'It is called.',
  ejected: 'It failed so often in a row that it is left alone for a while.',
  half_open: 'Its time is over: one call at a time tries it, and a success makes it healthy.',
});

@ObjectType({ description: 'What an origin is left alone for.' })
export class OriginEjection implements OriginScope {
  @Field(() => String, {
    description: 'Upstream model; empty for calls that name none; null: all of them.',
    nullable: true,
  })
  model!: string | null;

  @Field(() => OriginStateEnum, { description: 'Whether it still is.' })
  state!: OriginState;

  @Field(() => DateTime, { description: 'When its time is over.', nullable: true, name: 'until' })
  untilMs!: number | null;

  @Field(() => Int, { description: '1 for the first in a row; each further one lasts longer.' })
  strike!: number;
}

@ObjectType({ description: 'How well an origin of a provider is, as the running server finds it.' })
export class ProviderHealth implements Omit<ProviderHealthFacts, 'model'> {
  @Field(() => String, { description: '`https://host:port`.' })
  origin!: string;

  @Field(() => OriginStateEnum, {
    description: 'As a whole; single models may be ejected besides.',
  })
  state!: OriginState;

  @Field(() => DateTime, {
    description: 'When the time of its ejection is over; null while it is healthy.',
    nullable: true,
    name: 'until',
  })
  untilMs!: number | null;

  @Field(() => Int, { description: 'Ejections in a row; 0 while it is healthy.' })
  strike!: number;

  @Field(() => [OriginEjection], { description: 'All it is left alone for, the whole first.' })
  ejections!: OriginEjection[];

  @Field(() => Int, { description: 'Credentials that call it, in all pools.' })
  credentialsCount!: number;

  @Field(() => Int, { description: 'Calls of theirs under way.' })
  inFlight!: number;
}
