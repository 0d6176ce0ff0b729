import { Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { ProviderHealth } from '../types/provider-health.ts';

@Resolver()
export class ProviderHealthResolver {
  @Query(() => [ProviderHealth], {
    description: 'Origins that credentials call, and how well they are, by origin.',
  })
  providerHealth(@Ctx() { actor, services }: Context): ProviderHealth[] {
    return services.providerHealth.list(actor);
  }
}
