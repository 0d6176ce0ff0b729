import type { Adjustment } from '../entities/adjustment.ts';
import type { AttemptNote, RouteNote } from '../entities/call-record.ts';
import type { UsageRecord } from '../entities/usage-record.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { adjustmentsOf } from './adjustments.ts';
import { namesById } from './names-by-id.ts';
import type { Reader } from './reader/reader.ts';
import { recordsOf } from './record-rows.ts';
import { remoteOriginOf } from './remote-origin.ts';
import type { RemoteOrigin } from './remote-origin.ts';

/** A call's record with names for ids; credentials are told as `pool/name`. */
export interface Explanation {
  record: UsageRecord;
  key: string;
  pool: string;
  /** Who served it last; empty when nobody was asked. */
  credential: string;
  route: RouteNote | null;
  attempts: AttemptNote[];
  /** Set where another service made the call, and said so: nothing was routed here then. */
  remote: RemoteOrigin | null;
  /** Corrections of its cost, in the order they were made. */
  adjustments: Adjustment[];
}

export const noRecord = (requestId: string): GatewayError =>
  new GatewayError(
    'not_found',
    `No call ${requestId} is on record. Accepted calls are, once they have ended.`,
    { param: 'id' },
  );

/**
 * What became of a request and why. Names that are gone stay ids.
 * @param userId whose it has to be; null: anyone's
 */
export async function explainCall(
  reader: Reader,
  requestId: string,
  userId: string | null = null,
): Promise<Explanation> {
  const [record] = await recordsOf(reader, [requestId]);
  if (record === undefined || (userId !== null && record.userId !== userId)) {
    throw noRecord(requestId);
  }
  const { keyId, poolId, credentialId, route, attempts } = record;
  const ids = [credentialId, ...attempts.map(({ credential }) => credential)];
  ids.push(...(route?.order ?? []), ...(route?.excluded ?? []).map(({ credential }) => credential));
  const keys = await namesById(reader, 'key', [keyId]);
  const pools = await namesById(reader, 'pool', [poolId]);
  const credentials = await namesById(reader, 'credential', ids);
  const named = (id: string) => credentials.get(id) ?? id;
  return {
    record,
    key: keys.get(keyId) ?? keyId,
    pool: pools.get(poolId) ?? poolId,
    credential: named(credentialId),
    route: route === null ? null : withNames(route, named),
    remote: await remoteOriginOf(reader, requestId),
    attempts: attempts.map((note) => ({ ...note, credential: named(note.credential) })),
    adjustments: (await adjustmentsOf(reader, [requestId])).get(requestId) ?? [],
  };
}

function withNames(route: RouteNote, named: (id: string) => string): RouteNote {
  return {
    ...route,
    order: route.order.map(named),
    excluded: route.excluded.map((one) => ({ ...one, credential: named(one.credential) })),
  };
}
