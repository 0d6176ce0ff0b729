import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { Price } from '../../entities/price.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import type { Context } from '../context.ts';
import type { Model } from '../types/model.ts';
import { ModelConnection, ModelFilter, ModelOffer } from '../types/model.ts';

@Resolver(() => ModelOffer)
export class ModelResolver {
  @Query(() => ModelConnection, {
    description:
      'What can be asked for, by name: the models of all pools, as far as lists and providers have told them. Users see those of their pools and of the pools of their keys.',
  })
  async models(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => ModelFilter, { description: 'Which of them.', nullable: true })
    filter?: ModelFilter,
  ): Promise<Connection<Model>> {
    return connected(await services.models.list(actor, { ...asked(page), ...asked(filter ?? {}) }));
  }

  @FieldResolver(() => Price, {
    description: 'What calls are priced by now; null: nobody knows.',
    nullable: true,
  })
  async price(@Ctx() { loaders }: Context, @Root() { priceId }: ModelOffer): Promise<Price | null> {
    return priceId === null ? null : await loaders.price.load(priceId);
  }
}
