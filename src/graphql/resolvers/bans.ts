import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Ban } from '../../entities/ban.ts';
import { Credential } from '../../entities/credential.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { MutationId } from '../mutation-id.ts';
import {
  BanConnection,
  BanCredentialInput,
  BanEvidence,
  BanFilter,
  LiftedBans,
} from '../types/ban.ts';

const CredentialArg = () =>
  Arg('credential', () => ID, {
    description: 'Id, `pool/name`, or a name that one alone has.',
  });

@Resolver(() => Ban)
export class BanResolver {
  @Query(() => BanConnection, {
    description: 'Bans, newest first, also those that are over: why, and until when.',
  })
  async bans(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => BanFilter, { description: 'Which of them.', nullable: true })
    filter?: BanFilter,
  ): Promise<Connection<Ban>> {
    return connected(
      await services.bans.page(actor, { ...asked(page), filter: asked(filter ?? {}) }),
    );
  }

  @Mutation(() => Ban, {
    description: 'Sends no more calls to a credential, for one model or at all, until it is over.',
  })
  async banCredential(
    @Ctx() context: Context,
    @Arg('input', () => BanCredentialInput, { description: 'Who, for what, for how long.' })
    input: BanCredentialInput,
    @MutationId() mutationId?: string,
  ): Promise<Ban> {
    return (await context.services.bans.ban(doing(context, mutationId), asked(input))).ban;
  }

  @Mutation(() => LiftedBans, {
    description:
      'Ends bans in force. One call alone is then let through, and must succeed before others follow.',
  })
  async liftBans(
    @Ctx() context: Context,
    @CredentialArg() credential: string,
    @Arg('model', () => String, {
      description: 'Only bans for this upstream model; all unless given.',
      nullable: true,
    })
    model?: string,
    @MutationId() mutationId?: string,
  ): Promise<LiftedBans> {
    const { bans } = context.services;
    return await bans.liftBans(doing(context, mutationId), asked({ credential, model }));
  }

  @Mutation(() => LiftedBans, {
    description:
      'Forgets what is held against a credential: cooldowns, suspicions, exhaustion, counted failures, and the bans it has earned. Its balance is asked for anew.',
  })
  async resetHealth(
    @Ctx() context: Context,
    @CredentialArg() credential: string,
    @Arg('liftBans', () => Boolean, {
      description: 'End bans that operators have imposed as well.',
      defaultValue: false,
    })
    isBanLifted: boolean,
    @MutationId() mutationId?: string,
  ): Promise<LiftedBans> {
    const { bans } = context.services;
    return await bans.resetHealth(doing(context, mutationId), { credential, isBanLifted });
  }

  @FieldResolver(() => BanEvidence, { description: 'What led to it.' })
  evidence(@Root() { evidence }: Ban): BanEvidence {
    return evidence;
  }

  @FieldResolver(() => Credential, {
    description: 'The banned credential, also one that is deleted.',
    nullable: true,
  })
  async credential(
    @Ctx() { loaders }: Context,
    @Root() { credentialId }: Ban,
  ): Promise<Credential | null> {
    return await loaders.credential.load(credentialId);
  }
}
