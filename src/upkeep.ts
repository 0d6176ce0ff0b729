import { Agent } from 'undici';
import type { LookupFunction } from 'node:net';
import type { Random } from './lib/random.ts';
import { AccessTokens } from './pool/access-tokens.ts';
import { Balances } from './pool/balances.ts';
import { Bans } from './pool/bans.ts';
import { PoolDirectory } from './pool/directory.ts';
import { Discovery } from './pool/discovery.ts';
import { fetchTextBy } from './pool/fetch-text.ts';
import { healthListener } from './pool/health-events.ts';
import { Journal } from './pool/journal.ts';
import { Prober } from './pool/prober.ts';
import { Selections } from './pool/selections.ts';
import { providers } from './providers/index.ts';
import { splitBaseUrl } from './providers/provider.ts';
import type { Workspace } from './workspace.ts';

/** The pools in memory, and all that keeps them true. */
export interface Upkeep {
  directory: PoolDirectory;
  tokens: AccessTokens;
  balances: Balances;
  discovery: Discovery;
  bans: Bans;
  prober: Prober;
  selections: Selections;
  journal: Journal;
  /** Reads pools, credentials and bans anew. */
  reload(): Promise<void>;
  /** Resolves when the first round of asking is over. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createUpkeep(space: Workspace, lookup: LookupFunction, random: Random): Upkeep {
  const { config, clock, logger, events, orm } = space;
  const { em } = orm;
  const agent = new Agent({ connect: { lookup } });
  const fetchText = fetchTextBy(agent);
  const tokens = new AccessTokens(clock, fetchText);
  const asking = { clock, tokens, fetchText, logger, events };
  const journal = new Journal({ em, events, clock, logger });
  // They know of each other: a refusal leads to a probe, that to a ban, its end to a probe.
  const listener = healthListener({
    journal,
    bans: () => bans,
    prober: () => prober,
    balances: () => balances,
  });
  const pools = new PoolDirectory({
    em,
    sealer: space.sealer,
    kinds: providers,
    splitBaseUrl,
    listener,
    random,
  });
  const onOver: ConstructorParameters<typeof Bans>[0]['onOver'] = (member, ban) =>
    prober.retry(member, ban);
  const bans = new Bans({ em, pools, journal, clock, onOver });
  const prober: Prober = new Prober({ ...asking, pools, bans, journal });
  const balances = new Balances({ ...asking, em, pools });
  const discovery = new Discovery({ ...asking, pools });
  return {
    directory: pools,
    tokens,
    balances,
    discovery,
    bans,
    prober,
    selections: new Selections(journal),
    journal,
    async reload() {
      await pools.reload();
      await bans.load();
    },
    async start() {
      // A strategy that goes by balance has nobody to choose before the first answers.
      await Promise.all([balances.start(config.balanceRefreshSeconds * 1000), discovery.start()]);
    },
    async stop() {
      bans.stop();
      await Promise.all([balances.stop(), discovery.stop(), prober.stop()]);
      await journal.close();
      await agent.destroy();
    },
  };
}
