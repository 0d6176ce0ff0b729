import { Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import { Credential } from '../../entities/credential.ts';
import { Pool } from '../../entities/pool.ts';
import { Team } from '../../entities/team.ts';
import type { UsageDimension } from '../../entities/usage-dimension.ts';
import { UsageRecord } from '../../entities/usage-record.ts';
import { User } from '../../entities/user.ts';
import { VirtualKey } from '../../entities/virtual-key.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import { sumOf } from '../../services/usage-sum.ts';
import { asked } from '../asked.ts';
import type { Context } from '../context.ts';
import { namedOrNull } from '../named.ts';
import { Named } from '../types/named.ts';
import {
  RecentArgs,
  SeriesArgs,
  TopArgs,
  UsageArgs,
  UsageGroup,
  UsagePoint,
  UsageRange,
  UsageSeriesArgs,
  UsageStats,
  UsageTotals,
} from '../types/usage.ts';

@Resolver(() => UsageGroup)
export class UsageResolver {
  @Query(() => [UsageGroup], {
    description:
      'What was used and spent, the dearest groups first. Times are those at which calls began. Users see their own.',
  })
  async usage(
    @Ctx() { actor, services }: Context,
    @Args(() => UsageArgs) { filter, ...rest }: UsageArgs,
  ): Promise<UsageGroup[]> {
    return await services.usage.groups(actor, { ...asked(rest), filter: asked(filter ?? {}) });
  }

  @Query(() => [UsagePoint], {
    description:
      'What was used hour by hour or day by day, oldest first, those in which nothing was used as well; 1000 points at most. Users see their own.',
  })
  async usageSeries(
    @Ctx() { actor, services }: Context,
    @Args(() => UsageSeriesArgs) { filter, ...rest }: UsageSeriesArgs,
  ): Promise<UsagePoint[]> {
    return await services.usage.series(actor, { ...asked(rest), filter: asked(filter ?? {}) });
  }

  @FieldResolver(() => Named, {
    description: 'The key; null unless grouped by it.',
    nullable: true,
  })
  async key(@Ctx() context: Context, @Root() { of }: UsageGroup): Promise<Named | null> {
    return await namedOrNull(context, 'key', of.key);
  }

  @FieldResolver(() => Named, {
    description: 'The team; null unless grouped by it, and for calls without one.',
    nullable: true,
  })
  async team(@Ctx() context: Context, @Root() { of }: UsageGroup): Promise<Named | null> {
    return await namedOrNull(context, 'team', of.team);
  }

  @FieldResolver(() => Named, {
    description: 'The user; null unless grouped by it, and for calls without one.',
    nullable: true,
  })
  async user(@Ctx() context: Context, @Root() { of }: UsageGroup): Promise<Named | null> {
    return await namedOrNull(context, 'user', of.user);
  }

  @FieldResolver(() => Named, {
    description: 'The pool; null unless grouped by it.',
    nullable: true,
  })
  async pool(@Ctx() context: Context, @Root() { of }: UsageGroup): Promise<Named | null> {
    return await namedOrNull(context, 'pool', of.pool);
  }

  @FieldResolver(() => String, {
    description: 'Model as it was asked for; null unless grouped by it.',
    nullable: true,
  })
  model(@Root() { of }: UsageGroup): string | null {
    return of.model ?? null;
  }

  @FieldResolver(() => String, {
    description: 'Endpoint; null unless grouped by it.',
    nullable: true,
  })
  endpoint(@Root() { of }: UsageGroup): string | null {
    return of.endpoint ?? null;
  }

  @FieldResolver(() => Named, {
    description:
      'Who served last; null unless grouped by it, and for calls that nobody could be asked for.',
    nullable: true,
  })
  async credential(@Ctx() context: Context, @Root() { of }: UsageGroup): Promise<Named | null> {
    return await namedOrNull(context, 'credential', of.credential);
  }
}

@Resolver(() => UsageStats)
export class UsageStatsResolver {
  @FieldResolver(() => UsageTotals, { description: 'All of it together.' })
  async totals(@Ctx() context: Context, @Root() stats: UsageStats): Promise<UsageTotals> {
    const [sum] = await groups(context, stats, []);
    return sum ?? sumOf({});
  }

  @FieldResolver(() => [UsageGroup], { description: 'By model, the dearest first.' })
  async byModel(
    @Ctx() context: Context,
    @Root() stats: UsageStats,
    @Args(() => TopArgs) { first }: TopArgs,
  ): Promise<UsageGroup[]> {
    return topOf(await groups(context, stats, ['model']), first);
  }

  @FieldResolver(() => [UsageGroup], { description: 'By endpoint, the dearest first.' })
  async byEndpoint(
    @Ctx() context: Context,
    @Root() stats: UsageStats,
    @Args(() => TopArgs) { first }: TopArgs,
  ): Promise<UsageGroup[]> {
    return topOf(await groups(context, stats, ['endpoint']), first);
  }

  @FieldResolver(() => [UsageGroup], {
    description: 'By the credential that served last, the dearest first.',
  })
  async byCredential(
    @Ctx() context: Context,
    @Root() stats: UsageStats,
    @Args(() => TopArgs) { first }: TopArgs,
  ): Promise<UsageGroup[]> {
    return topOf(await groups(context, stats, ['credential']), first);
  }

  @FieldResolver(() => [UsageGroup], { description: 'By virtual key, the dearest first.' })
  async byKey(
    @Ctx() context: Context,
    @Root() stats: UsageStats,
    @Args(() => TopArgs) { first }: TopArgs,
  ): Promise<UsageGroup[]> {
    return topOf(await groups(context, stats, ['key']), first);
  }

  @FieldResolver(() => [UsagePoint], {
    description:
      'Hour by hour or day by day, oldest first; of the last day or month unless `from` is given.',
  })
  async series(
    @Ctx() { actor, services }: Context,
    @Root() { dimension, id, from, to }: UsageStats,
    @Args(() => SeriesArgs) { step, zone }: SeriesArgs,
  ): Promise<UsagePoint[]> {
    const filter = { [dimension]: [id] };
    return await services.usage.series(actor, { filter, step, zone, ...asked({ from, to }) });
  }

  @FieldResolver(() => [UsageRecord], { description: 'The last calls of the time, newest first.' })
  async recent(
    @Ctx() { actor, services }: Context,
    @Root() { dimension, id, from, to }: UsageStats,
    @Args(() => RecentArgs) { first }: RecentArgs,
  ): Promise<UsageRecord[]> {
    const range = asked({ fromMs: from?.getTime(), toMs: to?.getTime() });
    const input = { filter: { [dimension]: [id] }, ...range, first };
    const { items } = await services.requests.list(actor, input);
    return items.map(({ node }) => node);
  }
}

/** The judge bounds `first` above. */
function topOf(dearestFirst: UsageGroup[], first: number): UsageGroup[] {
  if (first >= 1) return dearestFirst.slice(0, first);
  throw new GatewayError('invalid_request', 'first: must be from 1 to 100', { param: 'first' });
}

const groups = (
  { actor, loaders }: Context,
  { dimension, id, from, to }: UsageStats,
  by: UsageDimension[],
): Promise<UsageGroup[]> =>
  loaders.usage.load({ actor, dimension, id, by, fromMs: from?.getTime(), toMs: to?.getTime() });

const STATS = 'What it used. Users see what their own keys used.';

/** The same field on everything that usage is told of. */
function statsOf<T extends { id: string }>(type: ClassType<T>, dimension: UsageDimension) {
  @Resolver(() => type)
  class StatsField {
    @FieldResolver(() => UsageStats, { description: STATS })
    stats(@Root() { id }: T, @Args(() => UsageRange) { from, to }: UsageRange): UsageStats {
      return { dimension, id, from, to };
    }
  }
  return StatsField;
}

export const statsResolvers = [
  statsOf(VirtualKey, 'key'),
  statsOf(Team, 'team'),
  statsOf(User, 'user'),
  statsOf(Pool, 'pool'),
  statsOf(Credential, 'credential'),
] as const;
