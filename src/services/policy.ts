import { GatewayError } from '../errors/gateway-error.ts';
import { hasRole } from './actor.ts';
import type { Actor, Role } from './actor.ts';

/**
 * The least role for each operation, whichever face asks for it; GraphQL's root fields have these
 * names, and gRPC's methods a row each in src/grpc/permissions.ts. What `user` may do concerns what is theirs: the services see to that.
 */
export const operations = {
  // Who is asking, and what this is.
  me: 'user',
  serverInfo: 'viewer',

  // Virtual keys.
  keys: 'user',
  key: 'user',
  createKey: 'user',
  updateKey: 'user',
  rotateKey: 'user',
  disableKey: 'user',
  enableKey: 'user',
  deleteKey: 'user',
  restoreKey: 'operator',

  // Owners and money.
  users: 'viewer',
  user: 'viewer',
  createUser: 'operator',
  updateUser: 'operator',
  teams: 'viewer',
  team: 'viewer',
  createTeam: 'operator',
  updateTeam: 'operator',
  budgets: 'user',
  budget: 'user',
  setBudget: 'operator',
  updateBudget: 'operator',
  raiseBudget: 'operator',
  removeBudget: 'operator',

  // Pools and credentials.
  pools: 'user',
  pool: 'user',
  createPool: 'admin',
  updatePool: 'admin',
  deletePool: 'admin',
  credentials: 'user',
  credential: 'user',
  addCredential: 'user',
  testCredential: 'user',
  updateCredential: 'user',
  selectCredential: 'user',
  disableCredential: 'user',
  enableCredential: 'user',
  deleteCredential: 'user',
  importCredentials: 'admin',
  refreshBalances: 'operator',
  rediscoverModels: 'operator',
  bans: 'viewer',
  banCredential: 'operator',
  liftBans: 'operator',
  resetHealth: 'operator',
  providerHealth: 'viewer',

  // Models and prices.
  models: 'user',
  prices: 'viewer',
  price: 'viewer',
  setPrice: 'admin',

  // What was used, what happened, and why.
  usage: 'user',
  usageSeries: 'user',
  requests: 'user',
  explainRequest: 'user',
  events: 'viewer',
  balanceChanged: 'viewer',
  banChanged: 'viewer',
  keyChanged: 'viewer',
  budgetAlert: 'viewer',
  liveStats: 'viewer',
  repriceLedger: 'admin',
  adjustLedger: 'admin',
  rebuildLedger: 'admin',

  // Other services: keys judged and limits taken for calls that they make themselves, and what they cost.
  validateKey: 'viewer',
  watchKeys: 'viewer',
  getLimits: 'viewer',
  takeLimits: 'operator',
  settleLimits: 'operator',
  recordUsage: 'operator',
  reserve: 'operator',
  extendReservation: 'operator',
  settleReservation: 'operator',
  releaseReservation: 'operator',
  getReservation: 'viewer',
  credentialHealth: 'viewer',

  // Who else may.
  adminTokens: 'admin',
  createAdminToken: 'admin',
  revokeAdminToken: 'admin',
} as const satisfies Record<string, Role>;

export type Operation = keyof typeof operations;

/**
 * The least role to whom things of a type may be told at all, and of single fields (`Type.field`)
 * where they tell more. Which of them a user is told is for the services to say.
 */
export const types: Readonly<Record<string, Role>> = {
  Me: 'user',
  ServerInfo: 'viewer',
  ServerStore: 'viewer',
  Guarantee: 'viewer',
  PageInfo: 'user',
  AdminToken: 'admin',
  AdminTokenWithSecret: 'admin',
  VirtualKey: 'user',
  VirtualKeyEdge: 'user',
  VirtualKeyConnection: 'user',
  KeyWithSecret: 'user',
  RotatedKey: 'user',
  LiveLimits: 'user',
  LimitWindow: 'user',
  User: 'user',
  // The notes are the operators'.
  'User.metadata': 'viewer',
  UserEdge: 'viewer',
  UserConnection: 'viewer',
  Team: 'user',
  'Team.metadata': 'viewer',
  'Team.budgets': 'viewer',
  TeamEdge: 'viewer',
  TeamConnection: 'viewer',
  Event: 'viewer',
  Change: 'viewer',
  KeyChange: 'viewer',
  BanChange: 'viewer',
  BudgetAlert: 'viewer',
  ProviderHealthChange: 'viewer',
  BalanceChange: 'viewer',
  LiveStats: 'viewer',
  LiveCounts: 'viewer',
  ErrorCounts: 'viewer',
  Budget: 'user',
  BudgetEdge: 'user',
  BudgetConnection: 'user',
  BudgetStanding: 'user',
  BudgetExplanation: 'user',
  BudgetHold: 'user',
  Pool: 'user',
  PoolPolicy: 'user',
  PoolTimeouts: 'user',
  ModelRule: 'user',
  HealthPolicy: 'user',
  RateLimitedPolicy: 'user',
  CountedBans: 'user',
  CountedBanRule: 'user',
  EjectionPolicy: 'user',
  Credential: 'user',
  LiveCredential: 'user',
  HealthBlock: 'user',
  ModelLatency: 'user',
  FailedAttempt: 'user',
  CredentialTest: 'user',
  ImportedRow: 'admin',
  ImportError: 'admin',
  BalanceRefresh: 'operator',
  ModelDiscovery: 'operator',
  Ban: 'user',
  // Who among the operators did it and what they noted is theirs.
  'Ban.actor': 'viewer',
  'Ban.endedBy': 'viewer',
  BanEvidence: 'user',
  'BanEvidence.note': 'viewer',
  BanEdge: 'viewer',
  BanConnection: 'viewer',
  LiftedBans: 'operator',
  ProviderHealth: 'viewer',
  OriginEjection: 'viewer',
  Price: 'user',
  PriceFigures: 'user',
  PriceTier: 'user',
  PriceEdge: 'viewer',
  PriceConnection: 'viewer',
  Model: 'user',
  ModelEdge: 'user',
  ModelConnection: 'user',
  ModelOffer: 'user',
  Named: 'user',
  UsageUnits: 'user',
  UsageTotals: 'user',
  UsageGroup: 'user',
  UsagePoint: 'user',
  UsageStats: 'user',
  RequestRecord: 'user',
  RequestEdge: 'user',
  RequestConnection: 'user',
  RequestExplained: 'user',
  RequestAttempt: 'user',
  RemoteOrigin: 'user',
  // Which of the operators' services it was is theirs.
  'RemoteOrigin.actor': 'viewer',
  RouteDecision: 'user',
  ExcludedCandidate: 'user',
  Adjustment: 'user',
  'Adjustment.actor': 'viewer',
  'Adjustment.note': 'viewer',
  EventEdge: 'viewer',
  EventConnection: 'viewer',
  RepriceReport: 'admin',
  LeftAloneCalls: 'admin',
  AdjustedRequest: 'admin',
};

/** As `permit`, for what changes or costs something: viewers may know more than users, and do nothing. */
export function permitChange(actor: Actor, operation: Operation): void {
  permit(actor, operation);
  if (actor.role !== 'viewer') return;
  throw new GatewayError('permission_denied', `${operation} needs the role operator.`);
}

/** @throws GatewayError `permission_denied` unless the actor's role is enough */
export function permit(actor: Actor, operation: Operation): void {
  const least = operations[operation];
  if (hasRole(actor, least)) return;
  throw new GatewayError('permission_denied', `${operation} needs the role ${least}.`);
}
