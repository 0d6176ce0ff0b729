import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { enumOf } from '../../entities/enums.ts';
import { DateTime, Usd } from '../../entities/scalars.ts';
import type { CredentialState, LiveBlock } from '../../services/live-credential.ts';
import { LimitWindow } from './live-limits.ts';

export const CredentialStateEnum = enumOf<CredentialState>(
  'CredentialState',
  'How a credential is, or why it is set aside.',
  {
    active: 'Nothing is held against it.',
    disabled: 'An operator has switched it off, or the configuration does not name it any more.',
    banned: 'A sentence is on it.',
    exhausted: 'It has no money, as far as is known.',
    suspect: 'It was refused; its provider is being asked whether it still works.',
    cooling: 'Its provider limits it.',
    forbidden: 'It may not, or cannot, serve this model.',
  },
);

@ObjectType({ description: 'Why a credential is set aside, wholly or for one model.' })
export class HealthBlock implements LiveBlock {
  @Field(() => CredentialStateEnum, { description: 'Why.' })
  state!: CredentialState;

  @Field(() => String, {
    description: 'Upstream model that it is for; null: the whole credential.',
    nullable: true,
  })
  model!: string | null;

  @Field(() => DateTime, {
    description: 'Until then; null: until somebody, or a check, lifts it.',
    nullable: true,
    name: 'until',
  })
  untilMs!: number | null;

  @Field(() => Int, { description: '1 for the first in a row; 0 where nothing is counted.' })
  strike!: number;
}

@ObjectType({ description: 'How fast a model has answered lately.' })
export class ModelLatency {
  @Field(() => String, { description: 'Upstream model.' })
  model!: string;

  @Field(() => Float, { description: 'Milliseconds to the first byte, a moving average.' })
  ms!: number;
}

@ObjectType({ description: 'An attempt that failed by the doing of the credential or its origin.' })
export class FailedAttempt {
  @Field(() => Int, { description: 'Upstream status; 502 for a connection that failed.' })
  status!: number;

  @Field(() => String, { description: 'What was made of it, such as `rate_limited`.' })
  verdict!: string;

  @Field(() => String, { description: 'Upstream model; empty where none was asked for.' })
  model!: string;

  @Field(() => DateTime, { description: 'When it failed.', name: 'at' })
  nowMs!: number;

  @Field(() => ID, {
    description: 'The call, for `explainRequest`; null: the gateway itself asked.',
    nullable: true,
  })
  requestId!: string | null;
}

@ObjectType({ description: 'A credential as the running server sees it at this moment.' })
export class LiveCredential {
  /** Not told: the credential is around it. */
  id!: string;

  minCreditNano!: bigint;

  @Field(() => Boolean, { description: 'Whether it may serve anything at all.' })
  isUsable!: boolean;

  @Field(() => HealthBlock, {
    description:
      'How it is: what sets it aside as a whole, else for a model, else that it is active.',
  })
  state!: HealthBlock;

  @Field(() => [HealthBlock], { description: 'All that sets it aside, the whole first.' })
  blocks!: HealthBlock[];

  @Field(() => Usd, {
    description:
      'Dollars left: as its provider last told, less what was settled since; null: not known.',
    nullable: true,
    name: 'balance',
  })
  balanceNano!: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars used in all, as its provider last told; null: not known.',
    nullable: true,
    name: 'usedTotal',
  })
  usedNano!: bigint | null;

  @Field(() => DateTime, {
    description: 'When its provider last told; null: never.',
    nullable: true,
    name: 'checkedAt',
  })
  checkedAtMs!: number | null;

  @Field(() => Int, { description: 'Calls it is serving.' })
  inFlight!: number;

  @Field(() => LimitWindow, { description: 'Its requests in the last 60 seconds.' })
  requests!: LimitWindow;

  @Field(() => LimitWindow, { description: 'Its tokens in the last 60 seconds.' })
  tokens!: LimitWindow;

  @Field(() => [ModelLatency], { description: 'Models that it served in the last minute.' })
  latencies!: ModelLatency[];

  @Field(() => [FailedAttempt], { description: 'The last ten since the start, newest first.' })
  failures!: FailedAttempt[];

  @Field(() => Int, {
    description: 'Models that its provider lists; null: not known, it is sent any.',
    nullable: true,
  })
  modelsCount!: number | null;
}
