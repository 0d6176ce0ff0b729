import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Credential } from '../../entities/credential.ts';
import { DateTime, Usd } from '../../entities/scalars.ts';
import type { Context } from '../context.ts';
import { BalanceRefresh, ModelDiscovery } from '../types/credential-work.ts';
import { LiveCredential } from '../types/live-credential.ts';

@Resolver(() => LiveCredential)
export class LiveCredentialResolver {
  @FieldResolver(() => Usd, {
    description:
      'Dollars an hour that its calls were charged in the last hour, or up to an hour and a quarter.',
  })
  async burnRate(@Ctx() { loaders }: Context, @Root() { id }: LiveCredential): Promise<bigint> {
    return await loaders.burnRate.load(id);
  }

  @FieldResolver(() => DateTime, {
    description:
      'When it is down to what its pool leaves in it, at that rate; null: not known, or not in sight.',
    nullable: true,
  })
  async runsOutAt(
    @Ctx() { loaders, services }: Context,
    @Root() live: LiveCredential,
  ): Promise<number | null> {
    return services.liveCredentials.runsOutAtMs(live, await loaders.burnRate.load(live.id));
  }
}

const credentialOf = { description: 'Whose it is; null when it was deleted meanwhile.' };

@Resolver(() => BalanceRefresh)
export class BalanceRefreshResolver {
  @FieldResolver(() => Credential, { ...credentialOf, nullable: true })
  async credential(
    @Ctx() { loaders }: Context,
    @Root() { id }: BalanceRefresh,
  ): Promise<Credential | null> {
    return await loaders.credential.load(id);
  }
}

@Resolver(() => ModelDiscovery)
export class ModelDiscoveryResolver {
  @FieldResolver(() => Credential, { ...credentialOf, nullable: true })
  async credential(
    @Ctx() { loaders }: Context,
    @Root() { id }: ModelDiscovery,
  ): Promise<Credential | null> {
    return await loaders.credential.load(id);
  }
}
