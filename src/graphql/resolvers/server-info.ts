import { Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { Me } from '../types/me.ts';
import { ServerInfo } from '../types/server-info.ts';

@Resolver()
export class ServerInfoResolver {
  @Query(() => Me, { description: 'Who is asking.' })
  me(@Ctx() { actor }: Context): Me {
    return actor;
  }

  @Query(() => ServerInfo, { description: 'What this server is, and how it is doing.' })
  serverInfo(@Ctx() { actor, services }: Context): ServerInfo {
    return services.server.read(actor);
  }
}
