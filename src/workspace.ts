import type { MikroORM } from '@mikro-orm/sqlite';
import type { Config } from './config/load.ts';
import { loadSecrets } from './config/secrets.ts';
import type { Secrets } from './config/secrets.ts';
import { openDatabase, serveLock } from './database.ts';
import { EventLog } from './events/log.ts';
import type { Clock } from './lib/clock.ts';
import { KeyHasher } from './lib/key-hasher.ts';
import type { Logger } from './lib/logger.ts';
import { Sealer } from './lib/seal.ts';
import { PriceList } from './price-list.ts';
import { providers } from './providers/index.ts';
import { endpoints } from './proxy/endpoints/index.ts';
import { passthrough } from './proxy/endpoints/passthrough.ts';
import { strategies } from './routing/index.ts';
import { AdminTokenService } from './services/admin-tokens.ts';
import { BanService } from './services/bans.ts';
import { BudgetService } from './services/budgets.ts';
import { CredentialImport } from './services/credential-import.ts';
import { CredentialService } from './services/credentials.ts';
import { EventService } from './services/events.ts';
import { KeyService } from './services/keys.ts';
import { LedgerCorrections } from './services/ledger-corrections.ts';
import type { ServiceParts } from './services/operation.ts';
import { PoolService } from './services/pools.ts';
import { PriceService } from './services/prices.ts';
import type { Reader } from './services/reader/reader.ts';
import { ThreadedReader } from './services/reader/threaded-reader.ts';
import type { ReaderParts } from './services/reader/threaded-reader.ts';
import { RequestService } from './services/requests.ts';
import { StatsService } from './services/stats.ts';
import { TeamService } from './services/teams.ts';
import { UsageService } from './services/usage.ts';
import { UserService } from './services/users.ts';

/** What every process on a data directory works with: the server and each command. */
export interface Workspace {
  config: Config;
  clock: Clock;
  logger: Logger;
  secrets: Secrets;
  orm: MikroORM;
  /** The database file. */
  file: string;
  events: EventLog;
  hasher: KeyHasher;
  sealer: Sealer;
  parts: ServiceParts;
  keys: KeyService;
  tokens: AdminTokenService;
  pools: PoolService;
  credentials: CredentialService;
  imports: CredentialImport;
  bans: BanService;
  users: UserService;
  teams: TeamService;
  budgets: BudgetService;
  corrections: LedgerCorrections;
  priceList: PriceList;
  prices: PriceService;
  /** For whatever may take long to read. */
  reader: Reader;
  stats: StatsService;
  usage: UsageService;
  requests: RequestService;
  /** What `events` keeps, to look things up in. */
  history: EventService;
  close(): Promise<void>;
}

export const registries = { providers, strategies };

/** The master key made at first start; later keys get names of their own. */
const FIRST_KEY_ID = 'k1';

/** Also those that only pools have which pass paths through that nobody described. */
export const endpointIds: readonly string[] = [...endpoints, passthrough('GET', '*')].map(
  ({ id }) => id,
);

export async function openWorkspace(
  config: Config,
  clock: Clock,
  logger: Logger,
  openReader: (parts: ReaderParts) => Reader = (parts) => new ThreadedReader(parts),
): Promise<Workspace> {
  const secrets = loadSecrets(config);
  const { orm, file } = await openDatabase(config.dataDir);
  const events = new EventLog(orm.em, clock, logger);
  await events.start();
  const hasher = new KeyHasher(secrets.pepper);
  const sealer = new Sealer(new Map([[FIRST_KEY_ID, secrets.masterKey]]), FIRST_KEY_ID);
  const parts = { em: orm.em, events, clock };
  const reader = openReader({ file, clock, logger });
  const priceList = new PriceList(orm.em, config);
  const stats = new StatsService({ reader, clock });
  return {
    config,
    clock,
    logger,
    secrets,
    orm,
    file,
    events,
    hasher,
    sealer,
    parts,
    keys: new KeyService(parts, { hasher, reader, endpointIds, defaults: keyDefaults(config) }),
    tokens: new AdminTokenService(parts, hasher),
    pools: new PoolService(parts, registries),
    credentials: new CredentialService(parts, { sealer, registries }),
    imports: new CredentialImport(parts, { sealer, registries }),
    bans: new BanService(parts),
    users: new UserService({ ...parts, reader }),
    teams: new TeamService({ ...parts, reader }),
    budgets: new BudgetService({ ...parts, reader }),
    corrections: new LedgerCorrections(parts, {
      providers,
      prices: () => priceList.read(),
      lock: () => serveLock(config.dataDir),
    }),
    priceList,
    prices: new PriceService(parts, { providers, book: () => priceList.current() }),
    reader,
    stats,
    usage: new UsageService({ em: orm.em, reader, clock, stats }),
    requests: new RequestService({ reader }),
    history: new EventService({ reader }),
    async close() {
      await reader.close();
      await events.close();
      await orm.close();
    },
  };
}

const keyDefaults = (config: Config) => ({
  rpmLimit: config.virtualKeyDefaultRpm || null,
  tpmLimit: config.virtualKeyDefaultTpm || null,
  budgetNano: config.virtualKeyDefaultBudget ?? null,
});
