import type { EntityManager } from '@mikro-orm/sqlite';
import { Adjustment } from '../entities/adjustment.ts';
import type { AttemptNote, RouteNote } from '../entities/call-record.ts';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import { UsageRecord } from '../entities/usage-record.ts';
import { VirtualKey } from '../entities/virtual-key.ts';
import { GatewayError } from '../errors/gateway-error.ts';

/** A call's record with names for ids; credentials are told as `pool/name`. */
export interface Explanation {
  record: UsageRecord;
  key: string;
  pool: string;
  /** Who served it last; empty when nobody was asked. */
  credential: string;
  route: RouteNote | null;
  attempts: AttemptNote[];
  /** Corrections of its cost, in the order they were made. */
  adjustments: Adjustment[];
}

export const noRecord = (requestId: string): GatewayError =>
  new GatewayError(
    'not_found',
    `No call ${requestId} is on record. Accepted calls are, once they have ended.`,
    { param: 'id' },
  );

/** What became of a request and why. Names that are gone stay ids. */
export async function explainCall(em: EntityManager, requestId: string): Promise<Explanation> {
  const fork = em.fork();
  const record = await fork.findOne(UsageRecord, { id: requestId });
  if (record === null) throw noRecord(requestId);
  const { route, attempts } = record;
  const ids = [record.credentialId, ...attempts.map(({ credential }) => credential)];
  ids.push(...(route?.order ?? []), ...(route?.excluded ?? []).map(({ credential }) => credential));
  const names = await credentialNames(fork, ids);
  const named = (id: string) => names.get(id) ?? id;
  const key = await fork.findOne(VirtualKey, { id: record.keyId });
  const pool = await fork.findOne(Pool, { id: record.poolId });
  return {
    record,
    key: key?.name ?? record.keyId,
    pool: pool?.name ?? record.poolId,
    credential: named(record.credentialId),
    route: route === null ? null : withNames(route, named),
    attempts: attempts.map((note) => ({ ...note, credential: named(note.credential) })),
    adjustments: await fork.find(Adjustment, { requestId }, OLDEST_FIRST),
  };
}

const OLDEST_FIRST = { orderBy: { atMs: 'asc', id: 'asc' } } as const;

function withNames(route: RouteNote, named: (id: string) => string): RouteNote {
  return {
    ...route,
    order: route.order.map(named),
    excluded: route.excluded.map((one) => ({ ...one, credential: named(one.credential) })),
  };
}

/** `pool/name` by id. */
export async function credentialNames(
  em: EntityManager,
  ids: string[],
): Promise<Map<string, string>> {
  const credentials = await em.find(Credential, { id: { $in: [...new Set(ids)] } });
  const pools = await em.find(Pool, { id: { $in: credentials.map(({ poolId }) => poolId) } });
  const poolNames = new Map(pools.map(({ id, name }) => [id, name]));
  return new Map(
    credentials.map(({ id, name, poolId }) => [id, `${poolNames.get(poolId) ?? poolId}/${name}`]),
  );
}
