import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import { Credential } from '../../entities/credential.ts';
import { Pool } from '../../entities/pool.ts';
import { User } from '../../entities/user.ts';
import { asked } from '../asked.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { MutationId } from '../mutation-id.ts';
import { CreatePoolInput, PoolPolicy, UpdatePoolInput } from '../types/pool.ts';

const PoolId = () => Arg('id', () => ID, { description: 'Its id or name.' });

@Resolver(() => Pool)
export class PoolResolver {
  @Query(() => [Pool], { description: 'Pools, oldest first. Users see their own.' })
  async pools(@Ctx() { actor, services }: Context): Promise<Pool[]> {
    return await services.pools.list(actor);
  }

  @Query(() => Pool, { description: 'One pool.' })
  async pool(@Ctx() { actor, services }: Context, @PoolId() id: string): Promise<Pool> {
    return await services.pools.get(actor, id);
  }

  @Mutation(() => Pool, { description: 'Makes a pool, which stays until it is deleted.' })
  async createPool(
    @Ctx() context: Context,
    @Arg('input', () => CreatePoolInput, { description: 'What the pool is to be.' })
    input: CreatePoolInput,
    @MutationId() mutationId?: string,
  ): Promise<Pool> {
    return await context.services.pools.create(doing(context, mutationId), asked(input));
  }

  @Mutation(() => Pool, {
    description:
      'Changes a pool: from the next call on. One that follows the configuration is changed there.',
  })
  async updatePool(
    @Ctx() context: Context,
    @PoolId() id: string,
    @Arg('input', () => UpdatePoolInput, { description: 'What to change.' })
    input: UpdatePoolInput,
    @MutationId() mutationId?: string,
  ): Promise<Pool> {
    return await context.services.pools.update(doing(context, mutationId), id, asked(input));
  }

  @Mutation(() => Pool, {
    description:
      'Deletes a pool, its credentials and its budgets. Refused while virtual keys call it, and if it follows the configuration.',
  })
  async deletePool(
    @Ctx() context: Context,
    @PoolId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<Pool> {
    return await context.services.pools.remove(doing(context, mutationId), id);
  }

  @FieldResolver(() => PoolPolicy, { description: 'How it treats models, failures and time.' })
  policy(@Root() { policy: { minCreditNano, ...same } }: Pool): PoolPolicy {
    return { ...same, minCredit: BigInt(minCreditNano) };
  }

  @FieldResolver(() => [Credential], { description: 'Its credentials, oldest first.' })
  async credentials(@Ctx() { loaders }: Context, @Root() { id }: Pool): Promise<Credential[]> {
    return await loaders.credentialsOf.load(id);
  }

  @FieldResolver(() => Credential, {
    description: 'Whom calls go to first under `selected_then_rotate`; null: the oldest.',
    nullable: true,
  })
  async selectedCredential(
    @Ctx() { loaders }: Context,
    @Root() { selectedCredentialId }: Pool,
  ): Promise<Credential | null> {
    return selectedCredentialId === null
      ? null
      : await loaders.credential.load(selectedCredentialId);
  }

  @FieldResolver(() => Int, {
    description: 'How many models it is known to serve; null: it is not served any more.',
    nullable: true,
  })
  modelsCount(@Ctx() { services }: Context, @Root() { id }: Pool): number | null {
    return services.liveCredentials.modelsCount(id);
  }

  @FieldResolver(() => [Budget], { description: 'Of all its calls together, oldest first.' })
  async budgets(@Ctx() { loaders }: Context, @Root() { id }: Pool): Promise<Budget[]> {
    return await loaders.budgetsOf.load({ scope: 'pool', subjectId: id });
  }

  @FieldResolver(() => User, {
    description: "Whose own it is; null: the operators'.",
    nullable: true,
  })
  async user(@Ctx() { loaders }: Context, @Root() { userId }: Pool): Promise<User | null> {
    return userId === null ? null : await loaders.user.load(userId);
  }
}
