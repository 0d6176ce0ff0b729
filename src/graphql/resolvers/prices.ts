import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { FIGURES, FIGURE_NAMES, figureOfRate } from '../../accounting/prices/figures.ts';
import { Price } from '../../entities/price.ts';
import { DateTime } from '../../entities/scalars.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { MutationId } from '../mutation-id.ts';
import {
  PriceConnection,
  PriceFigures,
  PriceFilter,
  PriceTier,
  SetPriceInput,
} from '../types/price.ts';

@Resolver(() => Price)
export class PriceResolver {
  @Query(() => PriceConnection, {
    description:
      'All versions of prices on record, by provider and model, newest first: the history, unless `filter.at` is given.',
  })
  async prices(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => PriceFilter, { description: 'Which of them.', nullable: true })
    filter?: PriceFilter,
  ): Promise<Connection<Price>> {
    const input = { ...asked(page), filter: asked(filter ?? {}) };
    return connected(await services.prices.list(actor, input));
  }

  @Query(() => Price, {
    description: 'What a call to a model is priced by; null: nobody knows.',
    nullable: true,
  })
  async price(
    @Ctx() { actor, services }: Context,
    @Arg('provider', () => String, {
      description: 'Provider as credentials name it, or a price list.',
    })
    provider: string,
    @Arg('model', () => String, { description: 'Model as it is sent upstream.' }) model: string,
    @Arg('at', () => DateTime, { description: 'When; now unless given.', nullable: true })
    at?: Date,
  ): Promise<Price | null> {
    return await services.prices.of(actor, asked({ provider, model, at }));
  }

  @Mutation(() => Price, { description: "Sets a model's price: a new version, from now on." })
  async setPrice(
    @Ctx() context: Context,
    @Arg('input', () => SetPriceInput, { description: 'What it costs, and from when on.' })
    input: SetPriceInput,
    @MutationId() mutationId?: string,
  ): Promise<Price> {
    const tiers = (input.tiers ?? []).map((tier) => asked(tier));
    const wanted = { ...asked(input), tiers };
    return await context.services.prices.set(doing(context, mutationId), wanted);
  }

  @FieldResolver(() => PriceFigures, {
    description: 'The rates, in dollars for what people count.',
  })
  figures(@Root() { rates }: Price): PriceFigures {
    return figuresOf(rates);
  }

  @FieldResolver(() => [PriceTier], { description: 'For long prompts, by rising threshold.' })
  tierFigures(@Root() { tiers }: Price): PriceTier[] {
    return tiers.map((tier) => Object.assign(figuresOf(tier.rates), tier));
  }

  @FieldResolver(() => Boolean, {
    description:
      'Whether calls are priced by it now: neither of another time, nor replaced by one that goes before it.',
  })
  async isInForce(@Ctx() { services }: Context, @Root() price: Price): Promise<boolean> {
    return await services.prices.isInForce(price);
  }
}

function figuresOf(rates: Record<string, string>): PriceFigures {
  const told = FIGURE_NAMES.flatMap((name) => {
    const rate = rates[FIGURES[name].usageClass];
    return rate === undefined ? [] : [[name, figureOfRate(name, BigInt(rate))] as const];
  });
  return Object.fromEntries(told);
}
