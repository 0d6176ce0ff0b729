import { QUARTER_MS } from '../accounting/ledger/rollups.ts';
import { callsQuery, quartersQuery } from './calls-sql.ts';
import type { CallsAsked, Quarter, Stretch } from './calls-sql.ts';
import type { Reader } from './reader/reader.ts';

const DAY_MS = 86_400_000;
/** How far back quarters are looked up at a time: a day first, then more, in statements that are short. */
const SPAN_GROWTH = 4;
const SPAN_MS_MAX = 32 * DAY_MS;
/** So many records are looked at by one statement: few first, as most of what is asked for is frequent. */
const SIZE_MAX = 10_000;
const SIZE_GROWTH = 4;
/** What a statement costs beside the records it looks at, in records. */
const STATEMENT_COST = 20;

/** A place in the list of all calls: within a quarter of an hour, at an id. */
export interface Place {
  quarterMs: number;
  id: string;
}

export const placeOf = ({ id, startedAtMs }: { id: string; startedAtMs: number }): Place => ({
  quarterMs: Math.floor(startedAtMs / QUARTER_MS) * QUARTER_MS,
  id,
});

export interface Limits {
  count: number;
  /** Only calls that come after this in the list. */
  after?: Place | undefined;
  /** Looking stops at about so many records, if not enough calls were found by then. */
  lookMax?: number;
}

export interface FoundCalls {
  /** Of the newest quarter of an hour first, and in each of them from the last id on. */
  ids: string[];
  /** Where looking stopped before the end, to go on after; null when all were looked at. */
  stoppedAt: Place | null;
}

/**
 * The last calls, newest first. Roll-ups tell in which quarters of an hour there are any, and between
 * which ids to look for them, so that no index by time, key or model is needed.
 */
export async function recentCalls(
  reader: Reader,
  asked: CallsAsked,
  { count, after, lookMax = Number.POSITIVE_INFINITY }: Limits,
): Promise<FoundCalls> {
  const ids: string[] = [];
  let size = Math.max(count * 2, STATEMENT_COST);
  let looked = 0;
  for await (const quarter of quartersWith(reader, asked, after)) {
    const { quarterMs } = quarter;
    let beforeId = quarterMs === after?.quarterMs ? after.id : null;
    for (let isThrough = false; !isThrough;) {
      const { found, seen, lastId } = await look(reader, asked, { quarter, beforeId, size });
      ids.push(...found.slice(0, count - ids.length));
      const id = ids.at(-1);
      if (ids.length === count && id !== undefined) return { ids, stoppedAt: { quarterMs, id } };
      looked += seen + STATEMENT_COST;
      isThrough = seen < size;
      size = Math.min(size * SIZE_GROWTH, SIZE_MAX);
      if (lastId === null) continue;
      beforeId = lastId;
      if (looked >= lookMax) return { ids, stoppedAt: { quarterMs, id: lastId } };
    }
  }
  return { ids, stoppedAt: null };
}

interface Look {
  quarter: Quarter;
  beforeId: Stretch['beforeId'];
  size: number;
}

interface Seen {
  found: string[];
  seen: number;
  lastId: string | null;
}

async function look(
  reader: Reader,
  asked: CallsAsked,
  { quarter, ...stretch }: Look,
): Promise<Seen> {
  const rows = await reader.rows<{ id: string | null; seen: number | null }>(
    ...callsQuery(asked, quarter, stretch),
  );
  const end = rows.find(({ seen }) => seen !== null);
  // The order in which rows of a union come is nowhere promised.
  const found = rows
    .flatMap(({ id, seen }) => (seen === null && id !== null ? [id] : []))
    .toSorted((one, other) => (one < other ? 1 : -1));
  return { found, seen: end?.seen ?? 0, lastId: end?.id ?? null };
}

/** Quarters with calls of the filter, newest first, from the one on where a list goes on. */
async function* quartersWith(
  reader: Reader,
  { filter, period }: CallsAsked,
  after: Place | undefined,
): AsyncGenerator<Quarter> {
  const [known] = await reader.rows<{ first: number | null; last: number | null }>(
    `select (select min(quarter_ms) from usage_quarters) as first,
       (select max(quarter_ms) from usage_quarters) as last`,
  );
  if (known === undefined || known.first === null || known.last === null) return;
  // The quarter in which a period begins has calls from before it as well.
  const oldestMs = Math.max(period.startMs - QUARTER_MS + 1, known.first);
  let endMs = Math.min(period.endMs, Math.min(after?.quarterMs ?? known.last, known.last) + 1);
  let spanMs = DAY_MS;
  while (endMs > oldestMs) {
    const startMs = Math.max(oldestMs, endMs - spanMs);
    yield* await reader.rows<Quarter>(...quartersQuery(filter, { startMs, endMs }));
    endMs = startMs;
    spanMs = Math.min(spanMs * SPAN_GROWTH, SPAN_MS_MAX);
  }
}
