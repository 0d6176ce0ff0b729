import { Secret } from './lib/secret.ts';
import { EventFeed } from './events/feed.ts';
import { bytesOf } from './database.ts';
import type { FrontParts } from './front.ts';
import { isLbOpen, isLoopback } from './listening.ts';
import { Authenticator } from './services/authenticator.ts';
import type { ControlPlane } from './services/control-plane.ts';
import { CredentialTests } from './services/credential-tests.ts';
import { CredentialWatch } from './services/credential-watch.ts';
import { KeyChanges } from './services/key-changes.ts';
import { KeyChecks } from './services/key-check.ts';
import { LimitLeases } from './services/limit-leases.ts';
import { LiveCredentials } from './services/live-credentials.ts';
import { LiveBalances } from './services/live-balances.ts';
import { LiveMeter } from './services/live-meter.ts';
import { LiveService } from './services/live.ts';
import { ModelService } from './services/models.ts';
import { UserTokens } from './services/user-tokens.ts';
import { LiveLimits } from './services/live-limits.ts';
import { ProviderHealthService } from './services/provider-health.ts';
import { UsageRecordings } from './services/recorded-usage.ts';
import { ReservationService } from './services/reservations.ts';
import { ServerInfoService } from './services/server-info.ts';
import { endpoints } from './proxy/endpoints/index.ts';
import { passthrough } from './proxy/endpoints/passthrough.ts';
import { version } from './version.ts';
import { registries } from './workspace.ts';
import type { Workspace } from './workspace.ts';

/** The services of a server: those of its data directory, and those that look into what runs. */
export function createControlPlane(space: Workspace, parts: FrontParts): ControlPlane {
  const { clock, config } = space;
  const { inFlight, ledger, recoveredHolds } = parts;
  const feed = new EventFeed({ em: space.orm.em, events: space.events });
  const live = createLive(space, parts, feed);
  return {
    authenticator: createAuthenticator(space),
    tokens: space.tokens,
    server: new ServerInfoService({
      clock,
      version,
      instanceId: ledger.owner,
      reader: space.reader,
      facts: {
        isLoopback: isLoopback(config),
        isLbOpen: isLbOpen(config),
        arePrivateUpstreamsAllowed: config.allowPrivateUpstreams,
        recoveredHolds,
      },
      inFlight: () => inFlight.size,
      notReady: () => notReady(parts),
      bytes: () => bytesOf(space.file),
    }),
    keys: space.keys,
    limits: new LiveLimits({ clock, limits: parts.plane.limits }),
    users: space.users,
    teams: space.teams,
    budgets: space.budgets,
    ...poolServices(space, parts, live),
    ...keyServices(space, parts, feed),
    ...moneyServices(space, parts),
    corrections: space.corrections,
    live,
    prices: space.prices,
    models: new ModelService(space.parts, {
      pools: () => parts.upkeep.directory.all(),
      book: () => space.priceList.current(),
    }),
    stats: space.stats,
    usage: space.usage,
    requests: space.requests,
    history: space.history,
  };
}

/** Those of pools: what is on record, and what of it lives in the running server. */
function poolServices(space: Workspace, { upkeep }: FrontParts, live: LiveService) {
  const { clock, orm, sealer, stats } = space;
  const { asking, balances, directory, discovery } = upkeep;
  const parts = { ...space.parts, pools: directory };
  return {
    pools: space.pools,
    credentials: space.credentials,
    imports: space.imports,
    bans: space.bans,
    liveCredentials: new LiveCredentials({ ...parts, balances, discovery, stats }),
    credentialTests: new CredentialTests({ ...space.parts, asking, sealer, registries }),
    credentialWatch: new CredentialWatch({ em: orm.em, clock, pools: directory, live }),
    providerHealth: new ProviderHealthService({ pools: directory, clock }),
  };
}

/** Keys as the data plane lets them in, for services that let calls in themselves. */
function keyServices({ clock, events }: Workspace, { plane }: FrontParts, feed: EventFeed) {
  const { keys, limits, budgets } = plane;
  return {
    keyChecks: new KeyChecks({ clock, keys, limits, budgets, unpricedEndpoints }),
    keyChanges: new KeyChanges({ clock, keys, events, feed }),
    leases: new LimitLeases({ clock, keys, limits }),
  };
}

/** Money of calls that other services make. */
function moneyServices({ clock, logger, parts, stats }: Workspace, { plane, remote }: FrontParts) {
  const { keys, budgets } = plane;
  const { prices, recordings, reservations } = remote;
  return {
    recordings: new UsageRecordings({ clock, logger, keys, budgets, recordings, stats }),
    reservations: new ReservationService({ ...parts, keys, budgets, prices, reservations }),
  };
}

/** Nobody knows which models they use. */
const unpricedEndpoints: ReadonlySet<string> = new Set(
  [...endpoints, passthrough('GET', '*')].flatMap(({ id, meter }) =>
    meter.kind === 'unpriced' ? [id] : [],
  ),
);

function createAuthenticator({ config, clock, events, hasher, logger, orm, secrets }: Workspace) {
  const { userJwtSecret, userJwksUrl, userJwtAudience, userJwtIssuer } = config;
  const userTokens = new UserTokens({
    clock,
    secret: userJwtSecret === undefined ? null : new Secret(userJwtSecret),
    jwksUrl: userJwksUrl ?? null,
    audience: userJwtAudience ?? null,
    issuer: userJwtIssuer ?? null,
    onUnreadable: (err) => logger.warn({ err }, 'the keys of user tokens cannot be read'),
  });
  const { em } = orm;
  return new Authenticator({ em, events, clock, hasher, adminSecret: secrets.admin, userTokens });
}

/** Made once the data plane follows events: who looks on is told after it. */
function createLive(
  { clock, events }: Workspace,
  { inFlight, told, upkeep }: FrontParts,
  feed: EventFeed,
) {
  const { settled, refused } = told;
  return new LiveService({
    feed,
    settled,
    balances: new LiveBalances({ clock, events, pools: upkeep.directory, settled }),
    meter: new LiveMeter({ clock, settled, refused, inFlight: () => inFlight.size }),
  });
}

/** Why the server cannot serve now; null when it can. */
export function notReady({
  inFlight,
  ledger,
}: Pick<FrontParts, 'inFlight' | 'ledger'>): string | null {
  if (inFlight.isDraining) return 'draining';
  return ledger.isHealthy ? null : 'the ledger cannot be written';
}
