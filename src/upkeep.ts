import { Agent } from 'undici';
import type { LookupFunction } from 'node:net';
import type { Random } from './lib/random.ts';
import { AccessTokens } from './pool/access-tokens.ts';
import type { AskParts } from './pool/ask.ts';
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
  /** For questions to providers besides. */
  asking: AskParts;
  balances: Balances;
  discovery: Discovery;
  bans: Bans;
  prober: Prober;
  selections: Selections;
  journal: Journal;
  /**
   * Reads pools, credentials and bans anew, unless that was done after the event of this number was
   * written: of many changes at once, few need a reading of their own.
   */
  reload(seq?: number): Promise<void>;
  /** Asks providers of credentials that have come for what is not known of them yet. */
  meet(): void;
  /** An operator wants a credential's health forgotten, but the bans in force. */
  resetHealth(credentialId: string): void;
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
  let readSeq = 0;
  return {
    directory: pools,
    tokens,
    asking: { clock, tokens, fetchText },
    balances,
    discovery,
    bans,
    prober,
    selections: new Selections(journal),
    journal,
    async reload(seq) {
      if (seq !== undefined && seq <= readSeq) return;
      const newestSeq = seq === undefined ? readSeq : await events.newest();
      const inForce = await bans.read();
      await pools.reload(() => bans.enforce(inForce));
      readSeq = newestSeq;
    },
    meet() {
      balances.meet();
      discovery.meet();
    },
    resetHealth(credentialId) {
      const member = pools.member(credentialId);
      member?.health.reset();
      // Whether it has money is for its provider to say.
      if (member?.kind.balance !== undefined) void balances.check(member);
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
