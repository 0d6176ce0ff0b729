import { Ctx, FieldResolver, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Guarantee, ServerInfo, ServerStore } from '../types/server-info.ts';

@Resolver(() => ServerInfo)
export class ServerStateResolver {
  @FieldResolver(() => ServerStore, { description: 'What its database holds.' })
  async store(@Ctx() { actor, services }: Context): Promise<ServerStore> {
    return await services.server.store(actor);
  }

  @FieldResolver(() => [Guarantee], {
    description: 'What is promised about money and secrets, and whether it holds here.',
  })
  async guarantees(@Ctx() { actor, services }: Context): Promise<Guarantee[]> {
    return await services.server.guarantees(actor);
  }
}
