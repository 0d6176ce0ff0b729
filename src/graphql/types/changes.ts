import { Field, Float, ID, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import type { BanReason } from '../../entities/ban.ts';
import { BanReasonEnum } from '../../entities/enums.ts';
import { DateTime, Json, SafeInt, Usd } from '../../entities/scalars.ts';
import { BanEvidence } from './ban.ts';

const BanStep = { IMPOSED: 'imposed', LIFTED: 'lifted', ENDED: 'ended' } as const;

registerEnumType(BanStep, {
  name: 'BanStep',
  description: 'What became of a ban.',
  valuesConfig: {
    IMPOSED: { description: 'It is in force from now on.' },
    LIFTED: { description: 'An operator has ended it.' },
    ENDED: { description: 'Its time, or what it was for, is over.' },
  },
});

@InterfaceType({ description: 'One change, as the event log has it.' })
export abstract class Change {
  @Field(() => SafeInt, {
    description: 'Number of the event: subscribe again `after` it, and nothing is missed.',
  })
  seq!: number;

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: Date;

  @Field(() => String, { description: 'What happened, such as `virtual_key.updated`.' })
  type!: string;

  @Field(() => String, {
    description: 'Who did it: `system`, `cli`, `admin`, `token:NAME` or `user:ID`.',
  })
  actor!: string;

  @Field(() => ID, {
    description: 'The request that brought it about; null: none did.',
    nullable: true,
  })
  requestId!: string | null;
}

@ObjectType({ implements: Change, description: 'A virtual key was made, changed or deleted.' })
export class KeyChange extends Change {
  @Field(() => ID, { description: 'The virtual key.' })
  keyId!: string;

  @Field(() => Json, { description: 'What was so before, as far as it changed.', nullable: true })
  before!: unknown;

  @Field(() => Json, { description: 'What is so now, as far as it changed.', nullable: true })
  after!: unknown;
}

@ObjectType({ implements: Change, description: 'A ban of a credential began or is over.' })
export class BanChange extends Change {
  @Field(() => BanStep, { description: 'What became of it.' })
  step!: string;

  @Field(() => ID, { description: 'The credential.' })
  credentialId!: string;

  @Field(() => ID, { description: 'The ban.', nullable: true })
  banId!: string | null;

  @Field(() => String, {
    description: 'Upstream model that it is for; null: the whole credential.',
    nullable: true,
  })
  model!: string | null;

  @Field(() => BanReasonEnum, { description: 'Why it was imposed.', nullable: true })
  reason!: BanReason | null;

  @Field(() => DateTime, {
    description: 'When the ban ends by itself; null: when it is lifted.',
    nullable: true,
  })
  until!: Date | null;

  @Field(() => BanEvidence, {
    description: 'What led to it: told when a ban that was earned is imposed, else null.',
    nullable: true,
  })
  evidence!: BanEvidence | null;

  @Field(() => String, { description: 'What the operator had to say.', nullable: true })
  note!: string | null;
}

@ObjectType({ implements: Change, description: 'A budget is spent up to one of its thresholds.' })
export class BudgetAlert extends Change {
  @Field(() => ID, { description: 'The budget.' })
  budgetId!: string;

  @Field(() => Float, { description: 'The threshold, percent of the cap.' })
  percent!: number;

  @Field(() => Usd, { description: 'Settled in this period.' })
  spent!: bigint;

  @Field(() => Usd, { description: 'What may be spent in this period.' })
  cap!: bigint;

  @Field(() => DateTime, { description: 'When the period began.' })
  periodStart!: Date;
}

@ObjectType({
  implements: Change,
  description: 'A credential, or a whole origin of a provider, is unwell or well again.',
})
export class ProviderHealthChange extends Change {
  @Field(() => String, {
    description:
      'How it is now: `active`, or why it is set aside (`cooling`, `suspect`, `banned`, `exhausted`, `forbidden`, `ejected`).',
  })
  state!: string;

  @Field(() => ID, { description: 'The credential; null: the whole origin.', nullable: true })
  credentialId!: string | null;

  @Field(() => String, {
    description: 'The origin, `https://host:port`; null: one credential.',
    nullable: true,
  })
  origin!: string | null;

  @Field(() => String, {
    description: 'Upstream model that it is for; null: all of them.',
    nullable: true,
  })
  model!: string | null;

  @Field(() => DateTime, { description: 'When that is over, as far as is known.', nullable: true })
  until!: Date | null;

  @Field(() => Int, { description: 'The upstream status that told.', nullable: true })
  status!: number | null;

  @Field(() => String, { description: 'What made it well, or unwell.', nullable: true })
  cause!: string | null;
}
