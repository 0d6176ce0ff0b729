import { BanResolver } from './bans.ts';
import { CorrectionResolver } from './corrections.ts';
import { EventResolver } from './events.ts';
import { BudgetResolver, BudgetStandingResolver } from './budgets.ts';
import { CredentialWorkResolver } from './credential-work.ts';
import { CredentialResolver } from './credentials.ts';
import { KeyResolver } from './keys.ts';
import {
  BalanceRefreshResolver,
  LiveCredentialResolver,
  ModelDiscoveryResolver,
} from './live-credentials.ts';
import { ModelResolver } from './models.ts';
import { PoolResolver } from './pools.ts';
import { PriceResolver } from './prices.ts';
import { ProviderHealthResolver } from './provider-health.ts';
import { RequestResolver } from './requests.ts';
import { ServerInfoResolver } from './server-info.ts';
import { ServerStateResolver } from './server-state.ts';
import {
  BanChangeResolver,
  BudgetAlertResolver,
  KeyChangeResolver,
  LiveStatsResolver,
  ProviderHealthChangeResolver,
  SubscriptionResolver,
} from './subscriptions.ts';
import { TeamResolver } from './teams.ts';
import { UserResolver } from './users.ts';
import { AdminTokenResolver } from './tokens.ts';
import { statsResolvers, UsageResolver, UsageStatsResolver } from './usage.ts';

/** Every resolver there is; a new noun is a file and its line here. */
export const resolvers = [
  ServerInfoResolver,
  ServerStateResolver,
  AdminTokenResolver,
  KeyResolver,
  UserResolver,
  TeamResolver,
  BudgetResolver,
  BudgetStandingResolver,
  PoolResolver,
  CredentialResolver,
  CredentialWorkResolver,
  LiveCredentialResolver,
  BalanceRefreshResolver,
  ModelDiscoveryResolver,
  BanResolver,
  ProviderHealthResolver,
  ModelResolver,
  PriceResolver,
  UsageResolver,
  UsageStatsResolver,
  ...statsResolvers,
  RequestResolver,
  EventResolver,
  CorrectionResolver,
  SubscriptionResolver,
  KeyChangeResolver,
  BanChangeResolver,
  BudgetAlertResolver,
  ProviderHealthChangeResolver,
  LiveStatsResolver,
] as const;
