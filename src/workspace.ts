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
import { priceBook, priceRows } from './price-list.ts';
import { providers } from './providers/index.ts';
import { endpoints } from './proxy/endpoints/index.ts';
import { passthrough } from './proxy/endpoints/passthrough.ts';
import { BudgetService } from './services/budgets.ts';
import { CredentialService } from './services/credentials.ts';
import { KeyService } from './services/keys.ts';
import { LedgerCorrections } from './services/ledger-corrections.ts';
import type { ServiceParts } from './services/operation.ts';
import { TeamService } from './services/teams.ts';
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
  credentials: CredentialService;
  users: UserService;
  teams: TeamService;
  budgets: BudgetService;
  corrections: LedgerCorrections;
  close(): Promise<void>;
}

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
): Promise<Workspace> {
  const secrets = loadSecrets(config);
  const { orm, file } = await openDatabase(config.dataDir);
  const events = new EventLog(orm.em, clock, logger);
  await events.start();
  const hasher = new KeyHasher(secrets.pepper);
  const sealer = new Sealer(new Map([[FIRST_KEY_ID, secrets.masterKey]]), FIRST_KEY_ID);
  const parts = { em: orm.em, events, clock };
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
    keys: new KeyService(parts, { hasher, endpointIds, defaults: keyDefaults(config) }),
    credentials: new CredentialService(parts),
    users: new UserService(parts),
    teams: new TeamService(parts),
    budgets: new BudgetService(parts),
    corrections: new LedgerCorrections(parts, {
      providers,
      prices: () => priceBook(priceRows(config)),
      lock: () => serveLock(config.dataDir),
    }),
    async close() {
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
