import type { RateLimits } from '../accounting/rate-limits.ts';
import type { Ticket } from '../accounting/ticket.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Random } from '../lib/random.ts';
import type { Member } from '../pool/member.ts';
import type { Pool } from '../pool/pool.ts';
import { admit } from './admit.ts';
import type { AdmitParts } from './admit.ts';
import { attempt } from './attempt.ts';
import { authenticate, stillActive } from './authenticate.ts';
import type { Call } from './call.ts';
import { choose } from './choose.ts';
import { endpointFor } from './endpoint-for.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { readBody } from './read-body.ts';
import type { ReadRequest } from './read-request.ts';
import { handBack } from './hand-back.ts';
import { relay } from './relay.ts';
import { settleDelivered, settleFailed } from './settle.ts';
import type { Transport } from './transport.ts';
import { judge } from './verdict.ts';
import type { Verdict } from './verdict.ts';
import type { VirtualKeys } from './virtual-keys.ts';

/** What the data plane works with. Snapshots and counters in memory; no database among them. */
export interface DataPlane extends AdmitParts {
  random: Random;
  keys: VirtualKeys;
  pools: { get(id: string): Pool | undefined };
  transport: Transport;
  limits: RateLimits;
  bodyLimitBytes: number;
}

/** An admitted call on its way. */
export interface Admitted {
  call: Call;
  endpoint: Endpoint;
  pool: Pool;
  request: ReadRequest;
  ticket: Ticket;
}

/** The life of a `/v1` request. Answers the call, or throws what its client should be told. */
export async function handle(call: Call, plane: DataPlane): Promise<void> {
  const shown = authenticate(call, plane.keys, plane.clock.now());
  const pool = plane.pools.get(shown.poolId);
  if (pool === undefined) throw new GatewayError('no_credentials', 'This key has no pool.');
  const endpoint = endpointFor(call, pool);
  const request = await readBody(call, endpoint, limitOf(endpoint, plane));
  // The body may have taken long: a key that was revoked meanwhile is not admitted.
  const key = stillActive(shown, plane.keys, plane.clock.now());
  const ticket = admit({ call, endpoint, key, pool, asked: request.asked }, plane);
  const admitted = { call, endpoint, pool, request, ticket };
  const deadline = plane.clock.after(pool.policy.timeouts.totalMs, () => call.expire());
  try {
    await serve(admitted, plane);
  } catch (thrown) {
    const error = GatewayError.from(thrown);
    settleFailed(admitted, error, plane);
    // Also a refusal is an answer: it must not be seen before the call is on record.
    await ticket.durable;
    throw error;
  } finally {
    deadline.cancel();
  }
}

/** Tries one credential after the other until one answers or it makes no sense to go on. */
async function serve(admitted: Admitted, plane: DataPlane): Promise<void> {
  const { call, endpoint, pool, request, ticket } = admitted;
  let failure: GatewayError | undefined;
  for (const member of choose(admitted, plane)) {
    const startedMs = plane.clock.monotonic();
    const { exchange, answer, errorBody } = await attempt(
      call,
      member,
      { body: request.body, pool },
      plane,
    );
    const verdict = judge(answer, endpoint.isRepeatable);
    report(admitted, member, { verdict, status: exchange.status, startedMs }, plane);
    if (verdict.next === 'deliver') {
      const { asked, hidesUsage } = request;
      const { clock } = plane;
      const { secret } = member;
      const delivered = await relay({
        call,
        exchange,
        endpoint,
        asked,
        ticket,
        hidesUsage,
        secret,
        clock,
      });
      settleDelivered(admitted, member, delivered, plane);
      exchange.release();
      return;
    }
    if (verdict.next === 'refuse') {
      return await handBack(admitted, { exchange, member, body: errorBody }, plane);
    }
    failure = failureOf(verdict, pool, request, plane);
    // A body that streams through can be sent only once.
    if (verdict.next === 'stop' || (request.body.kind === 'stream' && exchange.isSent)) break;
  }
  throw failure ?? nobody(pool, request, plane);
}

function report(
  { call, pool, request, ticket }: Admitted,
  member: Member,
  { verdict, status, startedMs }: { verdict: Verdict; status: number; startedMs: number },
  { clock }: DataPlane,
): void {
  const ms = Math.round(clock.monotonic() - startedMs);
  ticket.attempts.push({ credential: member.id, status, verdict: verdict.name, ms });
  const { model } = request.asked;
  const facts = { model, nowMs: clock.now(), requestId: call.id, verdict: verdict.name, status };
  pool.report(member, verdict.effect, facts);
}

function failureOf(
  verdict: Verdict,
  pool: Pool,
  request: ReadRequest,
  plane: DataPlane,
): GatewayError {
  if (verdict.error === null) return nobody(pool, request, plane);
  if (verdict.effect.kind === 'cooling') return nobody(pool, request, plane);
  return new GatewayError(verdict.error.code, verdict.error.message);
}

/** No credential can serve now: limited ones say when, the others need an operator. */
function nobody(pool: Pool, { asked }: ReadRequest, { clock }: DataPlane): GatewayError {
  const nowMs = clock.now();
  const until = pool.coolingUntil(asked.model, nowMs);
  if (until === null) {
    return new GatewayError('no_credentials', 'No available API keys with sufficient credit', {
      retryAfterMs: 30_000,
    });
  }
  return new GatewayError(
    'upstream_rate_limited',
    'All upstream credentials are rate limited. Try again later.',
    { retryAfterMs: until - nowMs },
  );
}

const limitOf = (endpoint: Endpoint, plane: DataPlane): number =>
  endpoint.bodyLimitMb === undefined ? plane.bodyLimitBytes : endpoint.bodyLimitMb * 1024 * 1024;
