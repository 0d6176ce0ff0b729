import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import { User } from '../../entities/user.ts';
import type { VirtualKey } from '../../entities/virtual-key.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { given } from '../given.ts';
import { MutationId } from '../mutation-id.ts';
import { VirtualKeyConnection } from '../types/key-payload.ts';
import { CreateUserInput, UpdateUserInput, UserConnection } from '../types/owner.ts';

const UserId = () => Arg('id', () => ID, { description: 'Its id or name.' });

@Resolver(() => User)
export class UserResolver {
  @Query(() => UserConnection, { description: 'Users by name.' })
  async users(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('search', () => String, {
      description: 'Only those with this text in their names, in upper or lower case.',
      nullable: true,
    })
    search?: string,
  ): Promise<Connection<User>> {
    return connected(await services.users.page(actor, { ...asked(page), ...asked({ search }) }));
  }

  @Query(() => User, { description: 'One user.' })
  async user(@Ctx() { actor, services }: Context, @UserId() id: string): Promise<User> {
    return await services.users.get(actor, id);
  }

  @Mutation(() => User, { description: 'Makes a user, who may own keys.' })
  async createUser(
    @Ctx() context: Context,
    @Arg('input', () => CreateUserInput, { description: 'Who it is.' }) input: CreateUserInput,
    @MutationId() mutationId?: string,
  ): Promise<User> {
    return await context.services.users.create(doing(context, mutationId), given(input));
  }

  @Mutation(() => User, { description: 'Changes a user: from the next call of its keys on.' })
  async updateUser(
    @Ctx() context: Context,
    @UserId() id: string,
    @Arg('input', () => UpdateUserInput, { description: 'What to change.' })
    input: UpdateUserInput,
    @MutationId() mutationId?: string,
  ): Promise<User> {
    return await context.services.users.update(doing(context, mutationId), id, given(input));
  }

  @FieldResolver(() => VirtualKeyConnection, {
    description: 'Keys that it owns, newest first, without deleted ones.',
  })
  async keys(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Root() { id }: User,
  ): Promise<Connection<VirtualKey>> {
    return connected(await services.keys.page(actor, { ...asked(page), user: id }));
  }

  @FieldResolver(() => [Budget], { description: 'Of all its keys together, oldest first.' })
  async budgets(@Ctx() { loaders }: Context, @Root() { id }: User): Promise<Budget[]> {
    return await loaders.budgetsOf.load({ scope: 'user', subjectId: id });
  }
}
