import type { AddressInfo } from 'node:net';
import { Ledger } from './accounting/ledger/ledger.ts';
import { TokenCounter } from './accounting/tokens/token-counter.ts';
import { BudgetBook } from './accounting/budgets/budget-book.ts';
import { BudgetKeeper } from './accounting/budgets/keeper.ts';
import { SettledSpend } from './accounting/budgets/settled-spend.ts';
import type { RemoteCalls } from './accounting/remote/remote-calls.ts';
import { Limits } from './accounting/limits.ts';
import type { PoolConfig } from './config/file-schema.ts';
import { ALERT, alertEvent } from './budget-alerts.ts';
import { serveLock } from './database.ts';
import type { CallRecord } from './entities/call-record.ts';
import type { Event } from './entities/event.ts';
import { createControlPlane } from './control-plane.ts';
import { createFront } from './front.ts';
import type { FrontParts } from './front.ts';
import { createGrpcFront } from './grpc-front.ts';
import type { GatewayError } from './errors/gateway-error.ts';
import { Broadcast } from './lib/broadcast.ts';
import { newId } from './lib/ids.ts';
import type { Random } from './lib/random.ts';
import type { Balances } from './pool/balances.ts';
import { addressOf } from './listening.ts';
import { prepare } from './prepare.ts';
import { createRemoteCalls } from './remote-calls.ts';
import { settlements } from './settlements.ts';
import type { PoolDirectory } from './pool/directory.ts';
import { providers } from './providers/index.ts';
import { splitBaseUrl } from './providers/provider.ts';
import type { CallerKind } from './proxy/caller-credential.ts';
import type { DataPlane } from './proxy/data-plane.ts';
import { HostResolver } from './proxy/host-resolver.ts';
import type { Resolve } from './proxy/host-resolver.ts';
import { IdempotentCalls } from './proxy/idempotent-calls.ts';
import { InFlight } from './proxy/in-flight.ts';
import { KeyWatch } from './proxy/key-watch.ts';
import { PlaneMetrics } from './proxy/plane-metrics.ts';
import { RetryBudget } from './proxy/retry-budget.ts';
import { Transport } from './proxy/transport.ts';
import { VirtualKeys } from './proxy/virtual-keys.ts';
import { createUpkeep } from './upkeep.ts';
import type { ControlPlane } from './services/control-plane.ts';
import type { Upkeep } from './upkeep.ts';
import type { Workspace } from './workspace.ts';

export interface App {
  /** Resolves with the base URL once the server accepts connections. */
  listen(): Promise<string>;
  /** Host and port of gRPC; null unless it is listened to. */
  readonly grpcAddress: string | null;
  /** Stops taking calls, waits for those under way up to `drainMs`, writes everything, closes. */
  close(drainMs?: number): Promise<void>;
  /** Ends calls under way now, with an error event where an answer has begun. */
  abortCalls(): void;
  /** What every face shows. */
  services: ControlPlane;
  balances: Balances;
  pools: PoolDirectory;
  upkeep: Upkeep;
  ledger: Ledger;
  counter: TokenCounter;
  transport: Transport;
}

export interface AppOptions {
  random: Random;
  /** The store can no longer be trusted: the process should end. */
  onFatal(reason: string): void;
  /** How names of upstreams are looked up; by the system unless given. */
  resolve?: Resolve;
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
  // A start that fails leaves nothing running.
  await using started = new AsyncDisposableStack();
  started.defer(() => lock.release());
  const recoveredHolds = await prepare(space, pools);
  const parts = await createPlane(space, options);
  started.defer(() => closePlane(parts));
  const frontParts = { ...parts, recoveredHolds };
  const services = createControlPlane(space, frontParts);
  await services.authenticator.load();
  const grpc = await createGrpcFront(space, frontParts, services);
  const front = await createFront(space, frontParts, services);
  const running = started.move();
  const { counter, inFlight, ledger, operations, transport, upkeep } = parts;
  /** Ends what is under way, counts of what was said included: these are estimated then. */
  const giveUp = () => {
    inFlight.abortAll('draining');
    operations.abortAll('draining');
    grpc?.abort();
    void counter.close();
  };
  return {
    services,
    balances: upkeep.balances,
    pools: upkeep.directory,
    upkeep,
    ledger,
    counter,
    transport,
    async listen() {
      await upkeep.start();
      await front.listen({ host: config.host, port: config.port });
      const { port } = front.server.address() as AddressInfo;
      await grpc?.listen();
      return `http://${addressOf(config.host, port)}`;
    },
    get grpcAddress() {
      return grpc?.address ?? null;
    },
    abortCalls: giveUp,
    async close(drainMs = config.drainSeconds * 1000) {
      const patience = clock.after(drainMs, giveUp);
      // Meanwhile the listeners stay: balancers see /readyz fail, and new calls are told to go elsewhere.
      const calls = inFlight.drained();
      await Promise.all([calls, grpc?.drain()]);
      // Operators may look on until then.
      await operations.drained();
      patience.cancel();
      await grpc?.close();
      const closed = front.close();
      front.server.closeAllConnections();
      await closed;
      await running.disposeAsync();
    },
  };
}

/** What is under way in it has ended. */
async function closePlane(parts: Closed): Promise<void> {
  const { upkeep, counter, ledger, remote, spend, transport } = parts;
  remote.stop();
  await upkeep.stop();
  await counter.close();
  await ledger.close();
  remote.close();
  spend.close();
  await transport.close();
}

/** What is closed with the app. */
interface Closed {
  counter: TokenCounter;
  ledger: Ledger;
  remote: RemoteCalls;
  spend: SettledSpend;
  transport: Transport;
  upkeep: Upkeep;
}

/** GraphQL queries and mutations at once: more would take the processor from `/v1`. */
const OPERATIONS_MAX = 50;

/** The data plane, loaded from the database and kept current by events. */
async function createPlane(
  space: Workspace,
  { random, onFatal, resolve }: AppOptions,
): Promise<Omit<FrontParts, 'recoveredHolds'> & Closed> {
  const { config, clock, logger, orm } = space;
  const { lookup } = new HostResolver({
    clock,
    ...(resolve === undefined ? {} : { resolve }),
    isPrivateAllowed: config.allowPrivateUpstreams,
    onRefused: ({ message }) => logger.error({ reason: message }, 'upstream address refused'),
  });
  const upkeep = createUpkeep(space, lookup, random);
  const { directory } = upkeep;
  const keys = new VirtualKeys(orm.em, space.hasher);
  const inFlight = new InFlight(config.inFlightMax);
  const operations = new InFlight(OPERATIONS_MAX);
  const settled = new Broadcast<CallRecord>();
  const refused = new Broadcast<GatewayError>();
  const transport = new Transport(clock, lookup);
  const ledger = new Ledger({ file: space.file, owner: newId(), clock, logger, onFatal });
  const counter = new TokenCounter({ clock, random, logger });
  const metrics = new PlaneMetrics({
    pools: () => directory.all(),
    inFlight: () => inFlight.size,
    isLedgerHealthy: () => ledger.isHealthy,
    nowMs: () => clock.now(),
  });
  const budgets = new BudgetBook((alert) => upkeep.journal.write([alertEvent(alert)]));
  const spend = new SettledSpend(space.file, ledger);
  const now = () => clock.now();
  const budgetKeeper = new BudgetKeeper({ em: orm.em, book: budgets, spend, now });
  await followEvents(space, { upkeep, keys, metrics, transport, budgetKeeper });
  const plane: DataPlane = {
    clock,
    random,
    keys,
    keyWatch: new KeyWatch(keys, clock),
    pools: directory,
    transport,
    tokens: upkeep.tokens,
    get prices() {
      return space.priceList.book;
    },
    ledger,
    limits: new Limits(),
    budgets,
    retries: new RetryBudget(() => inFlight.size),
    idempotent: new IdempotentCalls({ clock }),
    counter,
    callerKinds,
    bodyLimitBytes: config.bodyLimitMb * 1024 * 1024,
    onSettled: settlements(space, { directory, metrics, journal: upkeep.journal, settled }),
    onSelected: (...moved) => upkeep.selections.moved(...moved),
  };
  const remote = createRemoteCalls(space, { plane, metrics, spend, settled });
  const told = { settled, refused };
  const closed = { counter, ledger, remote, spend, transport, upkeep };
  return { ...closed, plane, inFlight, operations, metrics, told };
}

/** Providers whose credentials callers may bring along. */
const callerKinds: readonly CallerKind[] = [...providers.values()].flatMap((kind) =>
  kind.callerHeader === undefined || kind.baseUrl === undefined
    ? []
    : [{ kind, header: kind.callerHeader, ...splitBaseUrl(kind.baseUrl) }],
);

/** Reads what the data plane keeps in memory, and whatever of it changes from now on. */
async function followEvents(
  { events, priceList }: Workspace,
  parts: {
    upkeep: Upkeep;
    keys: VirtualKeys;
    metrics: PlaneMetrics;
    transport: Transport;
    budgetKeeper: BudgetKeeper;
  },
): Promise<void> {
  const { upkeep, keys, metrics, transport, budgetKeeper } = parts;
  const { directory, bans } = upkeep;
  const reloadPools = async (seq?: number) => {
    await upkeep.reload(seq);
    metrics.learn(directory.all());
    transport.keepOnly((credentialId) => directory.member(credentialId) !== undefined);
  };
  // Subscribed before anything is read: what changes meanwhile is applied after it.
  const loaded = Promise.withResolvers<void>();
  const follow = (prefix: string, run: (event: Event) => Promise<void> | void) =>
    events.subscribe(prefix, (event) => loaded.promise.then(() => run(event)));
  follow('pool.', async (event) => {
    if (event.type !== SELECTED) await reloadPools(event.seq);
    // Our own selection is in memory already, and may have moved on since.
    else if (event.actor !== 'system') directory.select(event.subject, selectedIn(event));
  });
  follow('credential.', async ({ seq }) => {
    await reloadPools(seq);
    upkeep.meet();
  });
  follow('credential_health.reset', ({ subject }) => upkeep.resetHealth(subject));
  follow('credential_ban.', async ({ actor, subject }) => {
    if (actor !== 'system') await bans.reload(subject);
  });
  follow('virtual_key.', (event) => keys.reload(event.subject));
  for (const noun of ['user.', 'team.']) follow(noun, (event) => keys.reloadOwner(event.subject));
  follow('budget.', async ({ type, subject }) => {
    if (type !== ALERT) await budgetKeeper.reload(subject);
  });
  follow('ledger.adjusted', (event) => budgetKeeper.recount(event));
  follow('price.', () => priceList.reload());
  await Promise.all([reloadPools(), keys.load(), budgetKeeper.load(), priceList.reload()]);
  loaded.resolve();
}

const SELECTED = 'pool.credential_selected';

const selectedIn = ({ after }: Event): string => {
  const { credential } = (after ?? {}) as { credential?: unknown };
  return typeof credential === 'string' ? credential : '';
};
