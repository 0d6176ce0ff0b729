import type { EffectFacts } from '../pool/effect.ts';
import { isCredentialFault } from '../pool/effect.ts';
import type { Lease } from '../pool/lease.ts';
import type { Attempted } from './attempt.ts';
import { CALLER } from './caller-credential.ts';
import type { Admitted, DataPlane } from './data-plane.ts';
import type { Delivered } from './delivery.ts';
import type { Verdict } from './verdict.ts';

/** Statuses that a connection without an answer counts as (contracts D3). */
const FAILED_STATUS = 502;

/**
 * Puts an attempt on record, and tells the pool what it said of the credential. What a caller's own
 * credential did says nothing of ours.
 */
export function report(
  admitted: Admitted,
  { lease, attempted, verdict }: { lease: Lease; attempted: Attempted; verdict: Verdict },
  plane: DataPlane,
): void {
  const { call, pool, request, route, ticket } = admitted;
  const { member, served } = lease;
  const { exchange, answer, answeredMs } = attempted;
  const ms = Math.round(plane.clock.monotonic() - lease.startedMs);
  const credential = route.isCallers ? CALLER : member.id;
  const renamed = served.upstream === request.asked.model ? {} : { model: served.upstream };
  ticket.attempts.push({
    credential,
    status: exchange.status,
    verdict: verdict.name,
    ms,
    ...renamed,
  });
  // The upstream did not work for it: its tokens are free again.
  if (verdict.next !== 'deliver') lease.settle(0, plane.clock.monotonic());
  if (route.isCallers) return;
  const status = answer.phase === 'failed' ? FAILED_STATUS : answer.status;
  const facts = factsOf(lease, { status, verdict: verdict.name, requestId: call.id }, plane);
  if (verdict.next === 'deliver') {
    member.latencies.note(served.upstream, answeredMs - lease.startedMs, answeredMs);
    pool.passed(member, facts);
    return;
  }
  // First: who is chosen next must not be the one that just failed.
  pool.report(member, verdict.effect, facts);
  // To lack a model is no fault: a client's odd names must not move the selection.
  const isItsFault = isCredentialFault(verdict.effect) && verdict.name !== 'model_missing';
  const selected = isItsFault ? route.failed(member) : null;
  if (selected !== null) plane.onSelected(pool, member, selected, facts);
}

/** How a delivery went, once it is over: served to its end, or broken off by the upstream. */
export function reportDelivered(
  { call, pool, route }: Admitted,
  lease: Lease,
  { effect, errorStatus, reason, status: shown }: Delivered,
  plane: DataPlane,
): void {
  if (route.isCallers) return;
  const status = errorStatus ?? (effect.kind === 'origin' ? FAILED_STATUS : shown);
  const facts = factsOf(lease, { status, verdict: reason, requestId: call.id }, plane);
  pool.report(lease.member, effect, facts);
}

const factsOf = (
  { served, startedAtMs }: Lease,
  facts: { status: number; verdict: string; requestId: string },
  { clock }: DataPlane,
): EffectFacts => ({ model: served.upstream, ...facts, startedAtMs, nowMs: clock.now() });
