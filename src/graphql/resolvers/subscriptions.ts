import { Args, Ctx, FieldResolver, Float, Resolver, Root, Subscription } from 'type-graphql';
import type { SubscribeResolverData } from 'type-graphql';
import { Budget } from '../../entities/budget.ts';
import type { CallRecord } from '../../entities/call-record.ts';
import { Credential } from '../../entities/credential.ts';
import { Event } from '../../entities/event.ts';
import { Usd } from '../../entities/scalars.ts';
import { UsageRecord } from '../../entities/usage-record.ts';
import { VirtualKey } from '../../entities/virtual-key.ts';
import type { BalanceNow } from '../../services/live-balances.ts';
import type { SettledInput } from '../../services/live-input.ts';
import { asked } from '../asked.ts';
import { banChange, budgetAlert, keyChange, providerHealthChange } from '../changes.ts';
import type { Context } from '../context.ts';
import { BanChange, BudgetAlert, KeyChange, ProviderHealthChange } from '../types/changes.ts';
import {
  BalanceChange,
  BalancesArgs,
  ChangesArgs,
  EventsArgs,
  LiveStats,
  SettledArgs,
  StatsArgs,
} from '../types/live.ts';

const RESUMABLE =
  'Resumable: nothing is missed or told twice by who goes on `after` the last `seq`.';

/** What a subscription starts with. */
type Given<A> = SubscribeResolverData<unknown, A, Context>;

const changes =
  (operation: 'keyChanged' | 'banChanged' | 'budgetAlert' | 'providerHealth') =>
  ({ args, context: { actor, services } }: Given<ChangesArgs>) =>
    services.live.changes(actor, operation, asked(args));

const settledInput = ({ filter, outcome, isFailed }: SettledArgs): SettledInput =>
  asked({ outcome, isFailed, filter: asked(filter ?? {}) });

/** What happens, told while it happens: over WebSocket (graphql-ws) or server-sent events. */
@Resolver()
export class SubscriptionResolver {
  @Subscription(() => Event, {
    description: `Everything that changes: the audit log, live. ${RESUMABLE}`,
    subscribe: ({ args, context: { actor, services } }: Given<EventsArgs>) =>
      services.live.events(actor, asked(args)),
  })
  events(@Root() event: Event, @Args(() => EventsArgs) _args: EventsArgs): Event {
    return event;
  }

  @Subscription(() => KeyChange, {
    description: `Virtual keys made, changed, deleted. ${RESUMABLE}`,
    subscribe: changes('keyChanged'),
  })
  keyChanged(@Root() event: Event, @Args(() => ChangesArgs) _args: ChangesArgs): KeyChange {
    return keyChange(event);
  }

  @Subscription(() => BanChange, {
    description: `Bans of credentials imposed, lifted, ended. ${RESUMABLE}`,
    subscribe: changes('banChanged'),
  })
  banChanged(@Root() event: Event, @Args(() => ChangesArgs) _args: ChangesArgs): BanChange {
    return banChange(event);
  }

  @Subscription(() => BudgetAlert, {
    description: `Budgets spent up to a threshold. ${RESUMABLE}`,
    subscribe: changes('budgetAlert'),
  })
  budgetAlert(@Root() event: Event, @Args(() => ChangesArgs) _args: ChangesArgs): BudgetAlert {
    return budgetAlert(event);
  }

  @Subscription(() => ProviderHealthChange, {
    description: `Credentials and origins that are unwell, or well again. ${RESUMABLE}`,
    subscribe: changes('providerHealth'),
  })
  providerHealth(
    @Root() event: Event,
    @Args(() => ChangesArgs) _args: ChangesArgs,
  ): ProviderHealthChange {
    return providerHealthChange(event);
  }

  @Subscription(() => BalanceChange, {
    description:
      'Balances as they are, then whenever one moves: told by its provider, or used by calls. Four times a second for each credential at most.',
    subscribe: ({ args, context: { actor, services } }: Given<BalancesArgs>) =>
      services.live.balances(actor, asked(args)),
  })
  balanceChanged(
    @Root() balance: BalanceNow,
    @Args(() => BalancesArgs) _args: BalancesArgs,
  ): BalanceChange {
    return balance;
  }

  @Subscription(() => UsageRecord, {
    description:
      'Calls as they are settled, from now on. Who reads too slowly to keep up is disconnected; what was missed is in the query `requests`. Users are told of their own.',
    subscribe: ({ args, context: { actor, services } }: Given<SettledArgs>) =>
      services.live.settled(actor, settledInput(args)),
  })
  requests(@Root() record: CallRecord, @Args(() => SettledArgs) _args: SettledArgs): UsageRecord {
    return { ...record, ...record.usage };
  }

  @Subscription(() => LiveStats, {
    description: 'How busy the gateway is: now, then after each interval.',
    subscribe: ({ args, context: { actor, services } }: Given<StatsArgs>) =>
      services.live.stats(actor, args),
  })
  liveStats(@Root() stats: LiveStats, @Args(() => StatsArgs) _args: StatsArgs): LiveStats {
    return stats;
  }
}

@Resolver(() => KeyChange)
export class KeyChangeResolver {
  @FieldResolver(() => VirtualKey, { description: 'The key as it is now.', nullable: true })
  async key(
    @Root() { keyId }: KeyChange,
    @Ctx() { actor, services }: Context,
  ): Promise<VirtualKey | null> {
    return await services.keys.get(actor, keyId);
  }
}

@Resolver(() => BanChange)
export class BanChangeResolver {
  @FieldResolver(() => Credential, {
    description: 'The credential as it is now, also one that is deleted.',
    nullable: true,
  })
  async credential(
    @Root() { credentialId }: BanChange,
    @Ctx() { loaders }: Context,
  ): Promise<Credential | null> {
    return await loaders.credential.load(credentialId);
  }
}

@Resolver(() => BudgetAlert)
export class BudgetAlertResolver {
  @FieldResolver(() => Budget, {
    description: 'The budget as it is now; null when it was removed.',
    nullable: true,
  })
  async budget(
    @Root() { budgetId }: BudgetAlert,
    @Ctx() { loaders }: Context,
  ): Promise<Budget | null> {
    return await loaders.budget.load(budgetId);
  }
}

@Resolver(() => ProviderHealthChange)
export class ProviderHealthChangeResolver {
  @FieldResolver(() => Credential, {
    description: 'The credential as it is now; null: the whole origin.',
    nullable: true,
  })
  async credential(
    @Root() { credentialId }: ProviderHealthChange,
    @Ctx() { loaders }: Context,
  ): Promise<Credential | null> {
    return credentialId === null ? null : await loaders.credential.load(credentialId);
  }
}

/** A count as a rate; the first report has no window yet. */
const perSecond = (count: number, ms: number): number => (ms > 0 ? (count * 1000) / ms : 0);

@Resolver(() => LiveStats)
export class LiveStatsResolver {
  @FieldResolver(() => Float, { description: 'Calls settled each second, over the window.' })
  callsPerSecond(@Root() { window, windowMs }: LiveStats): number {
    return perSecond(window.calls, windowMs);
  }

  @FieldResolver(() => Float, { description: 'Tokens used each second, over the window.' })
  tokensPerSecond(@Root() { window, windowMs }: LiveStats): number {
    return perSecond(window.tokens, windowMs);
  }

  @FieldResolver(() => Usd, { description: 'Dollars spent each second, over the window.' })
  costPerSecond(@Root() { window, windowMs }: LiveStats): bigint {
    return windowMs > 0 ? (window.costNano * 1000n) / BigInt(windowMs) : 0n;
  }
}
