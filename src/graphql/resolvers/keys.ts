import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import { SafeInt } from '../../entities/scalars.ts';
import { Team } from '../../entities/team.ts';
import { User } from '../../entities/user.ts';
import { VirtualKey } from '../../entities/virtual-key.ts';
import type { VirtualKeyStatus } from '../../entities/virtual-key.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { given } from '../given.ts';
import { MutationId } from '../mutation-id.ts';
import {
  CreateKeyInput,
  KeyFilter,
  UpdateKeyInput,
  VirtualKeyStatusEnum,
} from '../types/key-input.ts';
import { KeyWithSecret, RotatedKey, VirtualKeyConnection } from '../types/key-payload.ts';
import { LiveLimits } from '../types/live-limits.ts';

const KeyId = () =>
  Arg('id', () => ID, {
    description: 'Its id, or the start of one as long as it names one key.',
  });

@Resolver(() => VirtualKey)
export class KeyResolver {
  @Query(() => VirtualKeyConnection, {
    description: 'Virtual keys, newest first. Users see their own.',
  })
  async keys(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => KeyFilter, { description: 'Which of them.', nullable: true })
    filter?: KeyFilter,
  ): Promise<Connection<VirtualKey>> {
    return connected(await services.keys.page(actor, { ...asked(page), ...asked(filter ?? {}) }));
  }

  @Query(() => VirtualKey, { description: 'One virtual key, also one that is deleted.' })
  async key(@Ctx() { actor, services }: Context, @KeyId() id: string): Promise<VirtualKey> {
    return await services.keys.get(actor, id);
  }

  @Mutation(() => KeyWithSecret, {
    description:
      'Makes a virtual key and shows it, once. Users make keys for themselves, of pools of their own.',
  })
  async createKey(
    @Ctx() context: Context,
    @Arg('input', () => CreateKeyInput, { description: 'What the key is to be.' })
    input: CreateKeyInput,
    @MutationId() mutationId?: string,
  ): Promise<KeyWithSecret> {
    const { keys } = context.services;
    const { key, virtualKey, budget } = await keys.create(doing(context, mutationId), given(input));
    return { secret: key || null, key: virtualKey, budget };
  }

  @Mutation(() => VirtualKey, { description: 'Changes a virtual key: from its next call on.' })
  async updateKey(
    @Ctx() context: Context,
    @KeyId() id: string,
    @Arg('input', () => UpdateKeyInput, { description: 'What to change.' })
    input: UpdateKeyInput,
    @MutationId() mutationId?: string,
  ): Promise<VirtualKey> {
    return await context.services.keys.update(doing(context, mutationId), id, given(input));
  }

  @Mutation(() => RotatedKey, {
    description: 'Gives a virtual key a new secret and shows it, once. Its id stays.',
  })
  async rotateKey(
    @Ctx() context: Context,
    @KeyId() id: string,
    @Arg('overlapMs', () => SafeInt, {
      description:
        'Milliseconds that the secret before still works, up to ten years; dead at once unless given.',
      nullable: true,
    })
    overlapMs?: number,
    @MutationId() mutationId?: string,
  ): Promise<RotatedKey> {
    const { keys } = context.services;
    const actor = doing(context, mutationId);
    const { key, virtualKey } = await keys.rotate(actor, id, asked({ overlapMs }));
    return { secret: key || null, key: virtualKey };
  }

  @Mutation(() => VirtualKey, {
    description: 'Switches a virtual key off: its calls are refused, those under way ended.',
  })
  async disableKey(
    @Ctx() context: Context,
    @KeyId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<VirtualKey> {
    return await context.services.keys.disable(doing(context, mutationId), id);
  }

  @Mutation(() => VirtualKey, { description: 'Switches a virtual key on again.' })
  async enableKey(
    @Ctx() context: Context,
    @KeyId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<VirtualKey> {
    return await context.services.keys.enable(doing(context, mutationId), id);
  }

  @Mutation(() => VirtualKey, {
    description: 'Deletes a virtual key. What it did keeps its name, and it can be restored.',
  })
  async deleteKey(
    @Ctx() context: Context,
    @KeyId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<VirtualKey> {
    return await context.services.keys.remove(doing(context, mutationId), id);
  }

  @Mutation(() => VirtualKey, {
    description:
      'Makes a deleted virtual key what it was: the secret that it had last opens it again.',
  })
  async restoreKey(
    @Ctx() context: Context,
    @KeyId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<VirtualKey> {
    return await context.services.keys.restore(doing(context, mutationId), id);
  }

  @FieldResolver(() => VirtualKeyStatusEnum, {
    description: 'Whether it works now, by itself: its owner or team may be switched off.',
  })
  status(@Ctx() { services }: Context, @Root() key: VirtualKey): VirtualKeyStatus {
    return services.keys.statusOf(key);
  }

  @FieldResolver(() => String, {
    description: 'Name of the pool that serves it; null when that is gone.',
    nullable: true,
  })
  async poolName(
    @Ctx() { loaders }: Context,
    @Root() { poolId }: VirtualKey,
  ): Promise<string | null> {
    return await loaders.poolName.load(poolId);
  }

  @FieldResolver(() => User, { description: 'Its owner; null when it has none.', nullable: true })
  async user(@Ctx() { loaders }: Context, @Root() { userId }: VirtualKey): Promise<User | null> {
    return userId === null ? null : await loaders.user.load(userId);
  }

  @FieldResolver(() => Team, { description: 'Its team; null when it has none.', nullable: true })
  async team(@Ctx() { loaders }: Context, @Root() { teamId }: VirtualKey): Promise<Team | null> {
    return teamId === null ? null : await loaders.team.load(teamId);
  }

  @FieldResolver(() => [Budget], {
    description: 'Its own budgets, oldest first; those of owner, team and pool cap it as well.',
  })
  async budgets(@Ctx() { loaders }: Context, @Root() { id }: VirtualKey): Promise<Budget[]> {
    return await loaders.budgetsOf.load({ scope: 'key', subjectId: id });
  }

  @FieldResolver(() => LiveLimits, {
    description: 'Its own limits, and what is used of them at this moment.',
  })
  limits(@Ctx() { actor, services }: Context, @Root() key: VirtualKey): LiveLimits {
    return services.limits.ofKey(actor, key);
  }
}
