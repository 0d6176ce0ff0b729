import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Ban } from '../../entities/ban.ts';
import { Credential } from '../../entities/credential.ts';
import { Pool } from '../../entities/pool.ts';
import type { ShownCredential } from '../../services/new-credential.ts';
import { asked } from '../asked.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { given } from '../given.ts';
import { MutationId } from '../mutation-id.ts';
import { AddCredentialInput, UpdateCredentialInput } from '../types/credential-input.ts';
import { LiveCredential } from '../types/live-credential.ts';

const CredentialId = () =>
  Arg('id', () => ID, { description: 'Its id, `pool/name`, or a name that it alone has.' });

@Resolver(() => Credential)
export class CredentialResolver {
  @Query(() => [Credential], {
    description: 'Credentials by pool, oldest first. Users see those of their own pool.',
  })
  async credentials(
    @Ctx() { actor, services }: Context,
    @Arg('pool', () => ID, {
      description: 'Only those of this pool, by id or name.',
      nullable: true,
    })
    pool?: string,
  ): Promise<Credential[]> {
    const listed = await services.credentials.list(actor, asked({ pool }));
    return listed.map(({ credential }) => credential);
  }

  @Query(() => Credential, { description: 'One credential, also one that is deleted.' })
  async credential(
    @Ctx() { actor, services }: Context,
    @CredentialId() id: string,
  ): Promise<Credential> {
    return await services.credentials.get(actor, id);
  }

  @Mutation(() => Credential, {
    description:
      'Adds a credential: the next call may go there. Users add it to a pool of their own.',
  })
  async addCredential(
    @Ctx() context: Context,
    @Arg('input', () => AddCredentialInput, { description: 'What is added.' })
    input: AddCredentialInput,
    @MutationId() mutationId?: string,
  ): Promise<ShownCredential> {
    return await context.services.credentials.add(doing(context, mutationId), given(input));
  }

  @Mutation(() => Credential, {
    description:
      'Changes a credential: from the next call on. One that follows the configuration is changed there.',
  })
  async updateCredential(
    @Ctx() context: Context,
    @CredentialId() id: string,
    @Arg('input', () => UpdateCredentialInput, { description: 'What to change.' })
    input: UpdateCredentialInput,
    @MutationId() mutationId?: string,
  ): Promise<ShownCredential> {
    const { credentials } = context.services;
    return await credentials.update(doing(context, mutationId), id, given(input));
  }

  @Mutation(() => Credential, {
    description: 'Sends the calls of its pool there first, under `selected_then_rotate`.',
  })
  async selectCredential(
    @Ctx() context: Context,
    @CredentialId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<Credential> {
    const { credentials } = context.services;
    return (await credentials.select(doing(context, mutationId), { credential: id })).credential;
  }

  @Mutation(() => Credential, {
    description:
      'Sends no more calls there; those under way finish. The next start switches on again what the configuration names.',
  })
  async disableCredential(
    @Ctx() context: Context,
    @CredentialId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<ShownCredential> {
    return await context.services.credentials.disable(doing(context, mutationId), id);
  }

  @Mutation(() => Credential, {
    description:
      'Sends calls there again. The next start switches off again what the configuration does not name any more.',
  })
  async enableCredential(
    @Ctx() context: Context,
    @CredentialId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<ShownCredential> {
    return await context.services.credentials.enable(doing(context, mutationId), id);
  }

  @Mutation(() => Credential, {
    description:
      'Deletes a credential: its secret is gone for good, its name free. What it served keeps its name.',
  })
  async deleteCredential(
    @Ctx() context: Context,
    @CredentialId() id: string,
    @MutationId() mutationId?: string,
  ): Promise<ShownCredential> {
    return await context.services.credentials.remove(doing(context, mutationId), id);
  }

  @FieldResolver(() => Pool, {
    description: 'The pool that it is in; null when that is deleted.',
    nullable: true,
  })
  async pool(@Ctx() { loaders }: Context, @Root() { poolId }: Credential): Promise<Pool | null> {
    return await loaders.pool.load(poolId);
  }

  @FieldResolver(() => Boolean, {
    description: 'Whether the calls of its pool go there first under `selected_then_rotate`.',
  })
  async isSelected(
    @Ctx() { loaders }: Context,
    @Root() { id, poolId }: Credential,
  ): Promise<boolean> {
    return (await loaders.pool.load(poolId))?.selectedCredentialId === id;
  }

  @FieldResolver(() => [Ban], { description: 'In force on it now, oldest first.' })
  async bans(@Ctx() { loaders }: Context, @Root() { id }: Credential): Promise<Ban[]> {
    return await loaders.bansOn.load(id);
  }

  @FieldResolver(() => LiveCredential, {
    description: 'How it is doing: balance, health, calls under way, limits, last failures.',
  })
  live(@Ctx() { services }: Context, @Root() credential: Credential): LiveCredential {
    return services.liveCredentials.of(credential);
  }
}
