import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isForeignPage } from '../edge/foreign-page.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import { usdFromNano } from '../lib/money.ts';
import { hasRole } from '../services/actor.ts';
import type { Role } from '../services/actor.ts';
import type { Authenticator } from '../services/authenticator.ts';

/** What the health page may say of a credential. */
export interface CredentialFacts {
  name: string;
  balanceNano: bigint | null;
  usedNano: bigint | null;
  checkedAtMs: number | null;
  isUsable: boolean;
}

export interface RestParts {
  clock: Clock;
  authenticator: Authenticator;
  /** `/lb/*` and `/metrics` are open to programs that show nothing. */
  isOpen: boolean;
  /** Whether `/health` fails when no credential is usable, as routers do (contracts E.4). */
  isRouterHealth: boolean;
  credentials(): CredentialFacts[];
  /** Why the server cannot serve now; null when it can. */
  notReady(): string | null;
  /** Asks providers for balances and models. */
  refresh(): Promise<unknown>;
  metrics(): Promise<{ contentType: string; text: string }>;
}

/** At most one round of provider calls in so long, whoever asks (contracts E.4). */
const REFRESH_INTERVAL_MS = 30_000;

/** Health, readiness, metrics, and the two `/lb` endpoints of the Vercel load balancer (contracts A1). */
export function restPlugin(app: FastifyInstance, parts: RestParts, done: () => void): void {
  // What is open is open to programs alone, not to pages of other sites.
  const guard = async (request: FastifyRequest, least: Role) => {
    if (!parts.isOpen || isForeignPage(request.headers)) await requireRole(request, least, parts);
  };
  let refreshedMs = Number.NEGATIVE_INFINITY;
  let round: Promise<unknown> = Promise.resolve();

  app.get('/livez', () => ({ status: 'ok' }));

  app.get('/readyz', (_request, reply) => {
    const reason = parts.notReady();
    if (reason === null) return { status: 'ok' };
    return reply.code(503).send({ status: 'not_ready', reason });
  });

  app.get('/health', (_request, reply) => {
    const body = health(parts);
    return reply.code(body.status === 'unhealthy' ? 503 : 200).send(body);
  });

  app.get('/lb/health', async (request) => {
    await guard(request, 'viewer');
    return lbHealth(parts);
  });

  app.post('/lb/refresh', async (request) => {
    await guard(request, 'operator');
    const nowMs = parts.clock.monotonic();
    if (nowMs - refreshedMs >= REFRESH_INTERVAL_MS) {
      refreshedMs = nowMs;
      round = parts.refresh();
    }
    // Who asks during a round gets its numbers.
    await round;
    const { total_balance, vercel_keys } = lbHealth(parts);
    return { message: 'Credits refreshed', keys_count: vercel_keys.length, total_balance };
  });

  app.get('/metrics', async (request, reply) => {
    await guard(request, 'viewer');
    const { contentType, text } = await parts.metrics();
    return reply.type(contentType).send(text);
  });

  done();
}

/** One body for all four systems' health checks. */
function health({ credentials, clock, isRouterHealth }: RestParts) {
  const all = credentials();
  const usable = all.filter((credential) => credential.isUsable).length;
  const routerStatus = usable > 0 ? 'healthy' : 'unhealthy';
  return {
    status: isRouterHealth ? routerStatus : 'ok',
    timestamp: timestamp(clock.now()),
    credentials_available: usable,
    credentials_banned: all.length - usable,
    total_credentials: all.length,
  };
}

function lbHealth({ credentials, clock }: RestParts) {
  const known = credentials().filter(({ balanceNano }) => balanceNano !== null);
  const total = known.reduce((sum, { balanceNano }) => sum + (balanceNano ?? 0n), 0n);
  return {
    status: 'ok',
    vercel_keys: known.map(({ name, balanceNano, usedNano, checkedAtMs }) => ({
      name,
      balance: dollars(balanceNano ?? 0n),
      total_used: dollars(usedNano ?? 0n),
      last_updated: checkedAtMs === null ? null : timestamp(checkedAtMs),
    })),
    total_balance: dollars(total),
    timestamp: timestamp(clock.now()),
  };
}

/** Money is a JSON number at this edge, as its contract says; inside it stays an integer. */
const dollars = (nano: bigint): number => Number(usdFromNano(nano));

/** Naive UTC with microseconds, as system A writes times. */
const timestamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '000');

async function requireRole(
  { headers }: FastifyRequest,
  least: Role,
  { authenticator }: RestParts,
): Promise<void> {
  const actor = await authenticator.actorOf(headers.authorization);
  if (actor === null) {
    throw new GatewayError('invalid_admin_secret', 'Invalid or missing admin credentials');
  }
  if (hasRole(actor, least)) return;
  throw new GatewayError('permission_denied', `This needs the role ${least}.`);
}
