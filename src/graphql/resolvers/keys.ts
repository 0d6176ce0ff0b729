import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { VirtualKey } from '../../entities/virtual-key.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { MutationId } from '../mutation-id.ts';
import { given } from '../given.ts';
import { CreateKeyInput } from '../types/key-input.ts';
import { KeyWithSecret } from '../types/key-payload.ts';

const ID_OR_START = 'Its id, or the start of one as long as it names one key.';

@Resolver(() => VirtualKey)
export class KeyResolver {
  @Query(() => VirtualKey, { description: 'One virtual key.' })
  async key(
    @Ctx() { actor, services }: Context,
    @Arg('id', () => ID, { description: ID_OR_START }) id: string,
  ): Promise<VirtualKey> {
    return await services.keys.get(actor, id);
  }

  @Mutation(() => KeyWithSecret, { description: 'Makes a virtual key and shows it, once.' })
  async createKey(
    @Ctx() context: Context,
    @Arg('input', () => CreateKeyInput, { description: 'What the key is to be.' })
    input: CreateKeyInput,
    @MutationId() mutationId?: string,
  ): Promise<KeyWithSecret> {
    const { key, virtualKey, budget } = await context.services.keys.create(
      doing(context, mutationId),
      given(input),
    );
    return { secret: key || null, key: virtualKey, budget };
  }
}
