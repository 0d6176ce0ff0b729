import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Anomaly, Exclusion, Outcome } from '../../entities/call-record.ts';
import { enumOf, OutcomeEnum } from '../../entities/enums.ts';
import { DateTime } from '../../entities/scalars.ts';
import type { RemoteCallKind } from '../../entities/remote-call.ts';
import { UsageRecord } from '../../entities/usage-record.ts';
import type { ErrorRow } from '../../errors/catalogue.ts';
import { ANOMALIES, EXCLUSIONS, REMOTE_KINDS } from '../../services/explanation-texts.ts';
import { connectionOf } from '../connection.ts';
import { described } from '../described.ts';
import { Named } from './named.ts';
import { UsageFilter } from './usage.ts';

export const ExclusionEnum = enumOf<Exclusion>(
  'Exclusion',
  'Why a credential could not be asked.',
  described(EXCLUSIONS),
);

export const AnomalyEnum = enumOf<Anomaly>(
  'Anomaly',
  'What was odd about an answer that was delivered all the same.',
  described(ANOMALIES),
);

type Fault = ErrorRow['fault'];

export const FaultEnum = enumOf<Fault>(
  'Fault',
  'Who must act where a call was refused or failed.',
  {
    client: 'The caller: the request cannot be served as it is.',
    capacity: 'Nobody had room: credentials are limited, unwell or out of money.',
    upstream: 'The provider failed.',
    platform: 'Tollgate itself.',
  },
);

@ObjectType({ description: 'A credential that could not be asked.' })
export class ExcludedCandidate {
  @Field(() => Named, { description: 'Who.' })
  credential!: Named;

  @Field(() => ExclusionEnum, { description: 'Why.' })
  reason!: Exclusion;

  @Field(() => String, { description: 'Why, in words.' })
  why!: string;

  @Field(() => DateTime, {
    description: 'Until when, as it was known then; null: nobody knew.',
    nullable: true,
  })
  until!: Date | null;
}

@ObjectType({ description: 'Why a call went where it went.' })
export class RouteDecision {
  @Field(() => String, {
    description:
      "The pool's strategy, such as `round_robin`; `caller`: the caller brought a credential.",
  })
  strategy!: string;

  @Field(() => [Named], { description: 'Credentials in the order they were to be tried.' })
  order!: Named[];

  @Field(() => [ExcludedCandidate], {
    description: 'Who could not be asked, then or when their turn came.',
  })
  excluded!: ExcludedCandidate[];

  @Field(() => [Float], {
    description: 'What chance said, each from 0 up to 1, in the order it was asked.',
  })
  draws!: number[];

  @Field(() => Boolean, {
    description: 'Whether too few origins were well, so that ejected ones were asked too.',
  })
  isPanic!: boolean;
}

@ObjectType({ description: 'One upstream call.' })
export class RequestAttempt {
  @Field(() => Named, { description: 'Who was asked.' })
  credential!: Named;

  @Field(() => Int, { description: 'HTTP status of the answer; 0 when none came.' })
  status!: number;

  @Field(() => String, {
    description: 'Row of the verdict table that judged it, such as `served`.',
  })
  verdict!: string;

  @Field(() => Int, { description: 'Milliseconds it took.' })
  ms!: number;

  @Field(() => String, { description: 'Name of the model that was sent.' })
  model!: string;

  @Field(() => [AnomalyEnum], { description: 'What was odd about its answer.' })
  anomalies!: readonly Anomaly[];
}

export const RemoteCallKindEnum = enumOf<RemoteCallKind>(
  'RemoteCallKind',
  'How another service came to have a call here.',
  described(REMOTE_KINDS),
);

@ObjectType({ description: 'What another service said of a call that it made itself.' })
export class RemoteOrigin {
  @Field(() => RemoteCallKindEnum, { description: 'How it came to be here.' })
  kind!: RemoteCallKind;

  @Field(() => String, { description: 'The service, as it showed itself.' })
  actor!: string;

  @Field(() => ID, { description: "The service's own id of the call." })
  idempotencyId!: string;

  @Field(() => String, { description: 'Who was called; empty where that was not said.' })
  provider!: string;
}

@ObjectType({ description: 'What became of a call and why.' })
export class RequestExplained {
  @Field(() => UsageRecord, {
    description: 'The record: where it went, each attempt, what it used, held and cost.',
  })
  record!: UsageRecord;

  @Field(() => RemoteOrigin, {
    description:
      'Set where another service made the call and said so; nothing was routed here then.',
    nullable: true,
  })
  remote!: RemoteOrigin | null;

  @Field(() => String, { description: 'What became of it, in words.' })
  whatHappened!: string;

  @Field(() => FaultEnum, {
    description: 'Who must act; null for a call that was served.',
    nullable: true,
  })
  fault!: Fault | null;

  @Field(() => Boolean, { description: 'Whether the same call may succeed when it is made again.' })
  isRetryable!: boolean;
}

@InputType({ description: 'Which calls; what is absent is not looked at.' })
export class RequestFilter extends UsageFilter {
  @Field(() => DateTime, { description: 'Only calls that began then or later.', nullable: true })
  from?: Date;

  @Field(() => DateTime, { description: 'Only calls that began before.', nullable: true })
  to?: Date;

  @Field(() => [OutcomeEnum], { description: 'Only calls that ended so.', nullable: true })
  outcome?: Outcome[];

  @Field(() => [String], {
    description: '`ok`, or codes of the errors that ended them.',
    nullable: true,
  })
  reason?: string[];

  @Field(() => Boolean, { description: 'Only streams; false: only others.', nullable: true })
  isStream?: boolean;

  @Field(() => Boolean, {
    description: 'Only calls whose client saw a status from 400 on; false: only the others.',
    nullable: true,
  })
  isFailed?: boolean;
}

export const RequestConnection = connectionOf(UsageRecord, 'Request');
