import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { AdminToken } from '../../entities/admin-token.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { given } from '../given.ts';
import { MutationId } from '../mutation-id.ts';
import { AdminTokenWithSecret, CreateAdminTokenInput } from '../types/admin-token.ts';

@Resolver(() => AdminToken)
export class AdminTokenResolver {
  @Query(() => [AdminToken], { description: 'All admin tokens by name, revoked ones among them.' })
  async adminTokens(@Ctx() { actor, services }: Context): Promise<AdminToken[]> {
    return await services.tokens.list(actor);
  }

  @Mutation(() => AdminTokenWithSecret, { description: 'Makes an admin token and shows it, once.' })
  async createAdminToken(
    @Ctx() context: Context,
    @Arg('input', () => CreateAdminTokenInput, { description: 'What the token is to be.' })
    input: CreateAdminTokenInput,
    @MutationId() mutationId?: string,
  ): Promise<AdminTokenWithSecret> {
    const { tokens } = context.services;
    const { secret, token } = await tokens.create(doing(context, mutationId), given(input));
    return { secret: secret || null, token };
  }

  @Mutation(() => AdminToken, {
    description:
      'From now on the token opens nothing, and what it has open is closed within a second. There is no way back.',
  })
  async revokeAdminToken(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Its id or name.' }) id: string,
    @MutationId() mutationId?: string,
  ): Promise<AdminToken> {
    return await context.services.tokens.revoke(doing(context, mutationId), id);
  }
}
