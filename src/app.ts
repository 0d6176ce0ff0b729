import type { AddressInfo } from 'node:net';
import { Ledger } from './accounting/ledger/ledger.ts';
import { recoverHolds } from './accounting/ledger/recover.ts';
import { catalogueMatchers, catalogueRows } from './accounting/prices/catalogue.ts';
import { configRows } from './accounting/prices/config-price.ts';
import { PriceBook } from './accounting/prices/price-book.ts';
import type { PriceRow } from './accounting/prices/price-row.ts';
import { storePrices } from './accounting/prices/store.ts';
import { RateLimits } from './accounting/rate-limits.ts';
import type { PoolConfig } from './config/file-schema.ts';
import { ConfigError } from './config/load.ts';
import type { Config } from './config/load.ts';
import { serveLock } from './database.ts';
import type { CallRecord } from './entities/call-record.ts';
import { createFront } from './front.ts';
import type { FrontParts } from './front.ts';
import { newId } from './lib/ids.ts';
import type { Random } from './lib/random.ts';
import { openSqlite } from './lib/sqlite.ts';
import { Balances } from './pool/balances.ts';
import { PoolDirectory } from './pool/directory.ts';
import type { TransitionListener } from './pool/pool.ts';
import { providers } from './providers/index.ts';
import { splitBaseUrl } from './providers/provider.ts';
import { InFlight } from './proxy/in-flight.ts';
import { PlaneMetrics } from './proxy/plane-metrics.ts';
import { Transport } from './proxy/transport.ts';
import { VirtualKeys } from './proxy/virtual-keys.ts';
import { strategies } from './routing/index.ts';
import { applyConfiguredPools, poolMistakes } from './services/configured-pools.ts';
import type { Workspace } from './workspace.ts';

export interface App {
  /** Resolves with the base URL once the server accepts connections. */
  listen(): Promise<string>;
  /** Stops taking calls, waits for those under way up to `drainMs`, writes everything, closes. */
  close(drainMs?: number): Promise<void>;
  /** Ends calls under way now, with an error event where an answer has begun. */
  abortCalls(): void;
  balances: Balances;
  pools: PoolDirectory;
  ledger: Ledger;
}

export interface AppOptions {
  random: Random;
  /** The store can no longer be trusted: the process should end. */
  onFatal(reason: string): void;
}

/** The composition root: the only place where the server's parts are made and tied together. */
export async function createApp(
  space: Workspace,
  pools: readonly PoolConfig[],
  options: AppOptions,
): Promise<App> {
  const { config, clock } = space;
  const lock = serveLock(config.dataDir);
  if (lock === null) {
    throw new Error(`another process serves the data directory ${config.dataDir}`);
  }
  const prices = await prepare(space, pools).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  const parts = await createPlane(space, prices, options);
  const front = await createFront(space, parts);
  const { inFlight, balances, ledger, transport } = parts;
  return {
    balances,
    pools: parts.directory,
    ledger,
    async listen() {
      // A strategy that goes by balance has nobody to choose before the first answers.
      await balances.start(config.balanceRefreshSeconds * 1000);
      await front.listen({ host: config.host, port: config.port });
      const { port } = front.server.address() as AddressInfo;
      const host = config.host.includes(':') ? `[${config.host}]` : config.host;
      return `http://${host}:${port}`;
    },
    abortCalls: () => inFlight.abortAll('draining'),
    async close(drainMs = config.drainSeconds * 1000) {
      const patience = clock.after(drainMs, () => inFlight.abortAll('draining'));
      // Meanwhile the listener stays: balancers see /readyz fail, and new calls are told to go elsewhere.
      await inFlight.drained();
      patience.cancel();
      const closed = front.close();
      front.server.closeAllConnections();
      await closed;
      await balances.stop();
      await ledger.close();
      await transport.close();
      lock.release();
    },
  };
}

/** Brings the database in line with the configuration, and resolves what a dead process left open. */
async function prepare(space: Workspace, pools: readonly PoolConfig[]): Promise<PriceBook> {
  const registries = { providers, strategies };
  const mistakes = poolMistakes(pools, registries);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const prices = await loadPrices(space);
  await applyConfiguredPools(space.parts, pools, { sealer: space.sealer, registries });
  recover(space);
  return prices;
}

/** The data plane, loaded from the database and kept current by events. */
async function createPlane(
  space: Workspace,
  prices: PriceBook,
  { random, onFatal }: AppOptions,
): Promise<FrontParts & { transport: Transport }> {
  const { config, clock, logger, events, orm } = space;
  const directory = new PoolDirectory({
    em: orm.em,
    sealer: space.sealer,
    kinds: providers,
    splitBaseUrl,
    onTransition: transitionEvents(space),
  });
  const keys = new VirtualKeys(orm.em, space.hasher);
  const inFlight = new InFlight(config.inFlightMax);
  const transport = new Transport(clock);
  const ledger = new Ledger({ file: space.file, owner: newId(), clock, logger, onFatal });
  const metrics = new PlaneMetrics({
    pools: () => directory.all(),
    inFlight: () => inFlight.size,
    isLedgerHealthy: () => ledger.isHealthy,
  });
  const reloadPools = async () => {
    await directory.reload();
    metrics.learn(directory.all());
  };
  // Subscribed before anything is read: what changes meanwhile is applied after it.
  const loaded = Promise.withResolvers<void>();
  for (const noun of ['pool.', 'credential.']) {
    events.subscribe(noun, () => loaded.promise.then(reloadPools));
  }
  events.subscribe('virtual_key.', (event) =>
    loaded.promise.then(() => keys.reload(event.subject)),
  );
  await Promise.all([reloadPools(), keys.load()]);
  loaded.resolve();
  const onSettled = (record: CallRecord) => {
    metrics.settled(record);
    directory.get(record.poolId)?.member(record.credentialId)?.debit(record.costNano);
    if (!logger.isLevelEnabled('info')) return;
    const { id: requestId, endpoint, model, status, outcome, reason, durationMs } = record;
    logger.info(
      { requestId, endpoint, model, status, outcome, reason, durationMs },
      'call settled',
    );
  };
  const limits = new RateLimits();
  const bodyLimitBytes = config.bodyLimitMb * 1024 * 1024;
  const plane = {
    clock,
    random,
    keys,
    pools: directory,
    transport,
    prices,
    ledger,
    limits,
    bodyLimitBytes,
    onSettled,
  };
  const balances = new Balances({ em: orm.em, pools: directory, events, clock, logger });
  return { plane, inFlight, metrics, directory, ledger, balances, transport };
}

function configuredPrices({ prices }: Config): PriceRow[] {
  try {
    return configRows(prices);
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}

async function loadPrices({ config, orm, clock }: Workspace): Promise<PriceBook> {
  const rows = [...configuredPrices(config), ...catalogueRows()];
  await storePrices(orm.em.fork(), rows, clock.now());
  return new PriceBook(rows, catalogueMatchers());
}

function recover({ file, clock, logger }: Workspace): void {
  const database = openSqlite(file);
  try {
    const holds = recoverHolds(database, clock.now());
    if (holds > 0) logger.warn({ holds }, 'holds of a process that died were charged and closed');
  } finally {
    database.close();
  }
}

/** Health lives in memory; each change of it is put on record behind the call that caused it. */
function transitionEvents({ events, logger }: Workspace): TransitionListener {
  return (member, { state, untilMs, model }, { requestId, verdict, status }) => {
    events
      .record([
        {
          type: `credential_health.${state}`,
          subject: member.id,
          actor: 'system',
          requestId,
          after: { until: new Date(untilMs).toISOString(), model, verdict, status },
        },
      ])
      .catch((error: unknown) => logger.error({ err: error }, 'health event not recorded'));
  };
}
