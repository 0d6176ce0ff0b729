import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { ModelFacts, ModelOffer as OfferFacts } from '../../services/models.ts';
import { connectionOf } from '../connection.ts';
import { Named } from './named.ts';

@ObjectType({
  description: "A model as a pool's credentials of one provider serve it, under one name.",
})
export class ModelOffer implements OfferFacts {
  @Field(() => Named, { description: 'The pool.' })
  pool!: Named;

  @Field(() => String, { description: 'Kind of API, as credentials name it.' })
  provider!: string;

  @Field(() => String, { description: 'The name that is sent upstream.' })
  upstream!: string;

  @Field(() => [Named], {
    description: 'Who serves it, well or not; null for users where the pool is not theirs.',
    nullable: true,
  })
  credentials!: Named[] | null;

  priceId!: string | null;
}

@ObjectType({ description: 'What can be asked for.' })
export class Model implements ModelFacts {
  @Field(() => ID, { description: 'The name to ask for.' })
  id!: string;

  @Field(() => [ModelOffer], { description: 'Who serves it, at what price.' })
  offers!: ModelOffer[];
}

@InputType({ description: 'Which models; absent is all.' })
export class ModelFilter {
  @Field(() => ID, { description: 'Only those of a pool, by id or name.', nullable: true })
  pool?: string;

  @Field(() => String, { description: 'Only names with this text in them.', nullable: true })
  search?: string;
}

export const ModelConnection = connectionOf(Model, 'Model');
