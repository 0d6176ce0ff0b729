import { GatewayError } from '../errors/gateway-error.ts';
import type { Lease } from '../pool/lease.ts';
import type { Pool } from '../pool/pool.ts';
import { admit } from './admit.ts';
import { answerHere } from './answer-here.ts';
import { attempt } from './attempt.ts';
import type { Attempted } from './attempt.ts';
import { authenticate, stillActive } from './authenticate.ts';
import type { Call } from './call.ts';
import type { Admitted, Arrived, DataPlane } from './data-plane.ts';
import { deliver } from './deliver.ts';
import { endpointFor } from './endpoint-for.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { failureOf, nobody } from './failure-error.ts';
import { handBack } from './hand-back.ts';
import { idempotencyOf } from './idempotent-calls.ts';
import { readBody } from './read-body.ts';
import { report } from './report.ts';
import { routeFor } from './route-for.ts';
import { requireModel, requireScope } from './require-scope.ts';
import { settleFailed } from './settle.ts';
import { Tries } from './tries.ts';
import { judge } from './verdict.ts';
import type { Verdict } from './verdict.ts';
import type { KeyEntry } from './virtual-keys.ts';

/** The life of a `/v1` request. Answers the call, or throws what its client should be told. */
export async function handle(call: Call, plane: DataPlane): Promise<void> {
  const shown = authenticate(call, plane.keys, plane.clock.now());
  call.label(shown.limits);
  const pool = poolOf(shown, plane);
  const endpoint = endpointFor(call, pool);
  requireScope(shown, { address: call.address, endpoint });
  if (answerHere(call, endpoint, { pool, key: shown })) return;
  const request = await readBody(call, endpoint, limitOf(endpoint, plane));
  // The body may have taken long: a key that was revoked meanwhile is not admitted.
  const key = stillActive(shown, plane.keys, plane.clock.now());
  call.label(key.limits);
  requireModel(key, request.asked);
  // From here on one that is revoked ends the call.
  using _watched = plane.keyWatch.enter(call, key);
  // Whose credential pays is part of what was asked.
  const own = pool.policy.callerCredentials ? plane.callerKinds.map(({ header }) => header) : [];
  const idempotency = idempotencyOf(call, key.id, request, own);
  const { prices } = plane;
  const work = (once: Call) => accept({ call: once, endpoint, pool, request, key, prices }, plane);
  if (idempotency === null) await work(call);
  else await plane.idempotent.run(call, idempotency, work);
}

/** Admits a call and serves it. True when what its client got is a whole answer. */
async function accept(arrived: Arrived, plane: DataPlane): Promise<boolean> {
  const { call, pool } = arrived;
  const route = routeFor(arrived, plane);
  using ticket = admit(arrived, route, plane);
  const admitted = { ...arrived, route, ticket };
  const deadline = plane.clock.after(pool.policy.timeouts.totalMs, () => call.abort('deadline'));
  try {
    return await serve(admitted, plane);
  } catch (thrown) {
    const error = GatewayError.from(thrown).of(call.id);
    settleFailed(admitted, error, plane);
    // Also a refusal is an answer: it must not be seen before the call is on record.
    await ticket.durable;
    throw error;
  } finally {
    deadline.cancel();
  }
}

/** Tries one credential after the other until one answers or it makes no sense to go on. */
async function serve(admitted: Admitted, plane: DataPlane): Promise<boolean> {
  using tries = new Tries(admitted.route, plane.retries, admitted.pool.policy.attemptsMax);
  let failure: GatewayError | undefined;
  for (let next = tries.first(); next !== null;) {
    using lease = next;
    const { attempted, verdict } = await tryWith(lease, admitted, plane);
    if (attempted.violation !== null) throw attempted.violation;
    if (verdict.next === 'deliver') return await deliver(admitted, lease, attempted, plane);
    if (verdict.next === 'refuse') return await handBack(admitted, lease, attempted, plane);
    failure = failureOf(verdict, attempted.answer, admitted, plane);
    next = tries.after(verdict, canSendAgain(admitted, attempted));
  }
  throw failure ?? nobody(admitted, plane);
}

interface Judged {
  attempted: Attempted;
  verdict: Verdict;
}

/** One credential's turn. A kept connection that turned out closed is replaced once: that is no failure. */
async function tryWith(lease: Lease, admitted: Admitted, plane: DataPlane): Promise<Judged> {
  const judged = async (isFresh: boolean): Promise<Judged> => {
    const attempted = await attempt(admitted, { lease, isFresh }, plane);
    const verdict = verdictOf(attempted, admitted);
    report(admitted, { lease, attempted, verdict }, plane);
    return { attempted, verdict };
  };
  const first = await judged(false);
  return first.verdict.next === 'again' ? await judged(true) : first;
}

function verdictOf(
  { answer, errorBody }: Attempted,
  { endpoint, request, route, ticket }: Admitted,
): Verdict {
  const verdict = judge(answer, {
    isRepeatable: endpoint.isRepeatable,
    hasBody: request.body.kind !== 'stream',
    hasModel: request.asked.model !== '',
    before: ticket.attempts.map((one) => one.verdict),
  });
  // What a caller's own credential is told is for its caller to hear.
  const isCallersToHear = route.isCallers && errorBody !== null && verdict.next === 'next';
  return isCallersToHear ? { ...verdict, next: 'refuse' } : verdict;
}

const canSendAgain = ({ request }: Admitted, { exchange }: Attempted): boolean =>
  request.body.kind !== 'stream' || !exchange.isSent;

function poolOf(key: KeyEntry, plane: DataPlane): Pool {
  const pool = plane.pools.get(key.poolId);
  if (pool === undefined) throw new GatewayError('no_credentials', 'This key has no pool.');
  return pool;
}

const limitOf = (endpoint: Endpoint, plane: DataPlane): number =>
  endpoint.bodyLimitMb === undefined ? plane.bodyLimitBytes : endpoint.bodyLimitMb * 1024 * 1024;
