import { hash } from 'node:crypto';
import type { RouteNote } from '../entities/call-record.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import { Secret } from '../lib/secret.ts';
import { Lease } from '../pool/lease.ts';
import { Member } from '../pool/member.ts';
import { OriginHealth } from '../pool/origin-health.ts';
import type { Pool } from '../pool/pool.ts';
import type { Served } from '../pool/served.ts';
import type { UpstreamKind } from '../pool/upstream-kind.ts';
import type { Call } from './call.ts';
import type { Route } from './route.ts';

/** A provider whose credentials callers may bring, and where they are then sent. */
export interface CallerKind {
  kind: UpstreamKind;
  header: string;
  origin: string;
  prefix: string;
}

/** Stands for every credential that a caller brings, in records: whose it is is not noted. */
export const CALLER = 'caller';

const SECRET_CHARS_MAX = 4096;
const UNLIMITED = { rpm: null, tpm: null };

/**
 * The way of a call that brings its provider credential along (contracts C3); null when it brings
 * none for this model, or the pool takes none. Used alone: its failure is the caller's, and says
 * nothing of any credential of ours.
 * @throws GatewayError `invalid_request` for a header that can hold no secret
 */
export function callerRoute(
  call: Call,
  { pool, model, tokens }: { pool: Pool; model: string; tokens: number },
  { kinds, clock }: { kinds: readonly CallerKind[]; clock: Clock },
): CallerRoute | null {
  if (!pool.policy.callerCredentials) return null;
  for (const one of kinds) {
    const secret = call.headers[one.header];
    if (secret === undefined) continue;
    const served = pool.servedByOthers(one.kind).resolve(model).get(CALLER);
    if (served === undefined) continue;
    if (
      typeof secret !== 'string' ||
      !/^[\x21-\x7e]+$/.test(secret) ||
      secret.length > SECRET_CHARS_MAX
    ) {
      throw new GatewayError(
        'invalid_request',
        `The header ${one.header} holds no usable credential.`,
        {
          param: one.header,
        },
      );
    }
    return new CallerRoute(callersMember(one, pool, secret), { served, tokens, clock });
  }
  return null;
}

/** To the origin that the pool's own credentials of the provider go to, else to the provider's. */
function callersMember({ kind, origin, prefix }: CallerKind, pool: Pool, secret: string): Member {
  const own = pool.members.find((member) => member.kind === kind);
  const address = own ?? { origin, prefix };
  return new Member({
    // Connections are kept by id: no two callers may share one.
    id: `${CALLER} ${hash('sha256', `${address.origin} ${secret}`)}`,
    name: CALLER,
    poolName: pool.name,
    kind,
    origin: address.origin,
    prefix: address.prefix,
    secret: new Secret(secret),
    weight: 1,
    priority: 1,
    limits: UNLIMITED,
    models: null,
    originHealth: new OriginHealth(address.origin, () => 0),
    balanceNano: null,
    balanceUsedNano: null,
    balanceCheckedAtMs: null,
  });
}

export class CallerRoute implements Route {
  readonly isCallers = true;
  readonly note: RouteNote = { strategy: CALLER, order: [CALLER], excluded: [] };
  readonly member: Member;
  readonly #way: { served: Served; tokens: number; clock: Clock };
  #isTaken = false;

  constructor(member: Member, way: { served: Served; tokens: number; clock: Clock }) {
    this.member = member;
    this.#way = way;
  }

  next(): Lease | null {
    if (this.#isTaken) return null;
    this.#isTaken = true;
    const { served, tokens, clock } = this.#way;
    return new Lease(this.member, {
      served,
      tokens,
      nowMs: clock.now(),
      monotonicMs: clock.monotonic(),
    });
  }

  failed(): null {
    return null;
  }

  settle(): void {
    // No limit of ours is on it.
  }

  limitedUntil(): null {
    return null;
  }
}
