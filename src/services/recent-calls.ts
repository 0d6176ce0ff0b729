import type { EntityManager } from '@mikro-orm/sqlite';
import { SPANS_MS } from '../accounting/ledger/rollups.ts';
import { UsageRecord } from '../entities/usage-record.ts';
import { idsQuery, quartersQuery } from './usage-sql.ts';
import type { Quarter, UsageFilter } from './usage-sql.ts';

/** How far back is looked, one after the other: what is frequent is found in the last day. */
const WINDOWS_MS = [...SPANS_MS.slice(1), Number.MAX_SAFE_INTEGER];

/**
 * The last calls, newest first. Roll-ups tell in which quarters of an hour there are any, and between
 * which ids to look for them, so that no index by time, key or model is needed.
 */
export async function recentCalls(
  em: EntityManager,
  filter: UsageFilter,
  count: number,
): Promise<UsageRecord[]> {
  const ids: string[] = [];
  for await (const quarter of quartersWith(em, filter, count)) {
    const wanted = count - ids.length;
    const found = await em.execute<{ id: string }[]>(...idsQuery(filter, quarter, wanted));
    ids.push(...found.map(({ id }) => id));
    if (ids.length === count) break;
  }
  const records = await em.find(UsageRecord, { id: { $in: ids } });
  const byId = new Map(records.map((record) => [record.id, record]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Quarters with such calls, newest first; each has one at least. */
async function* quartersWith(
  em: EntityManager,
  filter: UsageFilter,
  count: number,
): AsyncGenerator<Quarter> {
  const [newest] = await em.execute<{ ms: number | null }[]>(
    'select max(quarter_ms) as ms from usage_quarters',
  );
  const newestMs = newest?.ms ?? 0;
  let endMs = newestMs + 1;
  for (const windowMs of WINDOWS_MS) {
    const startMs = Math.max(0, newestMs - windowMs);
    yield* await em.execute<Quarter[]>(...quartersQuery(filter, { startMs, endMs }, count));
    endMs = startMs;
  }
}
