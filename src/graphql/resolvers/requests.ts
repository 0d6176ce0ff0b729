import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import { Adjustment } from '../../entities/adjustment.ts';
import { Price } from '../../entities/price.ts';
import { Usd } from '../../entities/scalars.ts';
import { UsageRecord } from '../../entities/usage-record.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import type { Context } from '../context.ts';
import { explained, routeOf } from '../explained.ts';
import { named, namedOrNull } from '../named.ts';
import { Named } from '../types/named.ts';
import {
  RequestAttempt,
  RequestConnection,
  RequestExplained,
  RequestFilter,
  RouteDecision,
} from '../types/request.ts';
import { UsageUnits } from '../types/usage.ts';

@Resolver(() => UsageRecord)
export class RequestResolver {
  @Query(() => RequestConnection, {
    description:
      'Calls on record, newest first by quarters of an hour. Where a filter looks at each call, a page may end early: go on after `endCursor` while there is a next page. Users see their own.',
  })
  async requests(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => RequestFilter, { description: 'Which of them.', nullable: true })
    filter?: RequestFilter,
  ): Promise<Connection<UsageRecord>> {
    const { outcome, reason, isStream, isFailed, from, to, ...only } = filter ?? {};
    const range = { filter: asked(only), ...asked({ from, to }) };
    return connected(
      await services.requests.list(actor, {
        ...(await services.usage.range(actor, range)),
        ...asked({ outcome, reason, isStream, isFailed }),
        ...asked(page),
      }),
    );
  }

  @Query(() => RequestExplained, {
    description: 'Why a call went where it went, and what became of it. Users see their own.',
  })
  async explainRequest(
    @Ctx() { actor, services }: Context,
    @Arg('id', () => ID, { description: 'Its `x-request-id`.' }) id: string,
  ): Promise<RequestExplained> {
    return explained(await services.requests.explain(actor, id));
  }

  @FieldResolver(() => Named, { description: 'The virtual key that called.' })
  async key(@Ctx() context: Context, @Root() { keyId }: UsageRecord): Promise<Named> {
    return await named(context, 'key', keyId);
  }

  @FieldResolver(() => Named, { description: 'The pool that served it.' })
  async pool(@Ctx() context: Context, @Root() { poolId }: UsageRecord): Promise<Named> {
    return await named(context, 'pool', poolId);
  }

  @FieldResolver(() => Named, {
    description: 'Owner of the key at that time; null when it had none.',
    nullable: true,
  })
  async user(@Ctx() context: Context, @Root() { userId }: UsageRecord): Promise<Named | null> {
    return await namedOrNull(context, 'user', userId);
  }

  @FieldResolver(() => Named, {
    description: 'Team of the key at that time; null when it had none.',
    nullable: true,
  })
  async team(@Ctx() context: Context, @Root() { teamId }: UsageRecord): Promise<Named | null> {
    return await namedOrNull(context, 'team', teamId);
  }

  @FieldResolver(() => Named, {
    description: 'Who served it last; null when nobody could be asked.',
    nullable: true,
  })
  async credential(
    @Ctx() context: Context,
    @Root() { credentialId }: UsageRecord,
  ): Promise<Named | null> {
    return await namedOrNull(context, 'credential', credentialId);
  }

  @FieldResolver(() => ID, {
    description: 'Owner of the key at that time; null when it had none.',
    nullable: true,
  })
  userId(@Root() { userId }: UsageRecord): string | null {
    return userId || null;
  }

  @FieldResolver(() => ID, {
    description: 'Team of the key at that time; null when it had none.',
    nullable: true,
  })
  teamId(@Root() { teamId }: UsageRecord): string | null {
    return teamId || null;
  }

  @FieldResolver(() => ID, {
    description: 'Who served it last; null when nobody could be asked.',
    nullable: true,
  })
  credentialId(@Root() { credentialId }: UsageRecord): string | null {
    return credentialId || null;
  }

  @FieldResolver(() => ID, {
    description: 'The price version that it was charged by; null when nothing was to be priced.',
    nullable: true,
  })
  priceId(@Root() { priceId }: UsageRecord): string | null {
    return priceId || null;
  }

  @FieldResolver(() => UsageUnits, { description: 'What it used.' })
  usage(@Root() record: UsageRecord): UsageUnits {
    return record;
  }

  @FieldResolver(() => RouteDecision, {
    description: 'Why it went where it went; null when it was never routed.',
    nullable: true,
  })
  async route(
    @Ctx() context: Context,
    @Root() { route }: UsageRecord,
  ): Promise<RouteDecision | null> {
    return route === null ? null : await routeOf(context, route);
  }

  @FieldResolver(() => [RequestAttempt], { description: 'Every upstream call, in order.' })
  async attempts(
    @Ctx() context: Context,
    @Root() { attempts, model }: UsageRecord,
  ): Promise<RequestAttempt[]> {
    const told = attempts.map(async ({ credential, anomalies = [], ...note }) => ({
      model,
      ...note,
      anomalies,
      credential: await named(context, 'credential', credential),
    }));
    return await Promise.all(told);
  }

  @FieldResolver(() => [Adjustment], {
    description: 'Corrections of its cost, in the order they were made.',
  })
  async adjustments(
    @Ctx() { loaders }: Context,
    @Root() { id }: UsageRecord,
  ): Promise<Adjustment[]> {
    return await loaders.adjustments.load(id);
  }

  @FieldResolver(() => Usd, { description: 'What it costs by now, with all its adjustments.' })
  async totalCost(
    @Ctx() { loaders }: Context,
    @Root() { id, costNano }: UsageRecord,
  ): Promise<bigint> {
    const adjustments = await loaders.adjustments.load(id);
    return adjustments.reduce((sum, { deltaNano }) => sum + deltaNano, costNano);
  }

  @FieldResolver(() => Price, {
    description: 'The price that it was charged by; null when nothing was to be priced.',
    nullable: true,
  })
  async price(
    @Ctx() { loaders }: Context,
    @Root() { priceId }: UsageRecord,
  ): Promise<Price | null> {
    return priceId === '' ? null : await loaders.price.load(priceId);
  }
}
