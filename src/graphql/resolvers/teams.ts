import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import { Team } from '../../entities/team.ts';
import type { VirtualKey } from '../../entities/virtual-key.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { given } from '../given.ts';
import { MutationId } from '../mutation-id.ts';
import { VirtualKeyConnection } from '../types/key-payload.ts';
import { LiveLimits } from '../types/live-limits.ts';
import { CreateTeamInput, TeamConnection, UpdateTeamInput } from '../types/owner.ts';

const TeamId = () => Arg('id', () => ID, { description: 'Its id or name.' });

@Resolver(() => Team)
export class TeamResolver {
  @Query(() => TeamConnection, { description: 'Teams by name.' })
  async teams(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('search', () => String, {
      description: 'Only those with this text in their names, in upper or lower case.',
      nullable: true,
    })
    search?: string,
  ): Promise<Connection<Team>> {
    return connected(await services.teams.page(actor, { ...asked(page), ...asked({ search }) }));
  }

  @Query(() => Team, { description: 'One team.' })
  async team(@Ctx() { actor, services }: Context, @TeamId() id: string): Promise<Team> {
    return await services.teams.get(actor, id);
  }

  @Mutation(() => Team, { description: 'Makes a team, whose keys share limits and budgets.' })
  async createTeam(
    @Ctx() context: Context,
    @Arg('input', () => CreateTeamInput, { description: 'What it is to be.' })
    input: CreateTeamInput,
    @MutationId() mutationId?: string,
  ): Promise<Team> {
    return await context.services.teams.create(doing(context, mutationId), given(input));
  }

  @Mutation(() => Team, { description: 'Changes a team: from the next call of its keys on.' })
  async updateTeam(
    @Ctx() context: Context,
    @TeamId() id: string,
    @Arg('input', () => UpdateTeamInput, { description: 'What to change.' })
    input: UpdateTeamInput,
    @MutationId() mutationId?: string,
  ): Promise<Team> {
    return await context.services.teams.update(doing(context, mutationId), id, given(input));
  }

  @FieldResolver(() => VirtualKeyConnection, {
    description: 'Keys of it, newest first, without deleted ones. Users see their own.',
  })
  async keys(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Root() { id }: Team,
  ): Promise<Connection<VirtualKey>> {
    return connected(await services.keys.page(actor, { ...asked(page), team: id }));
  }

  @FieldResolver(() => [Budget], { description: 'Of all its keys together, oldest first.' })
  async budgets(@Ctx() { loaders }: Context, @Root() { id }: Team): Promise<Budget[]> {
    return await loaders.budgetsOf.load({ scope: 'team', subjectId: id });
  }

  @FieldResolver(() => LiveLimits, {
    description: 'Limits of all its keys together, and what is used of them at this moment.',
  })
  limits(@Ctx() { actor, services }: Context, @Root() team: Team): LiveLimits {
    return services.limits.ofTeam(actor, team);
  }
}
