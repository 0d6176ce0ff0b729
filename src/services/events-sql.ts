import type { EventsAsked } from './events-input.ts';
import type { Query } from './usage-sql.ts';

/** Numbers of events, both ends left out. */
export interface SeqRange {
  aboveSeq: number;
  belowSeq: number;
}

/** Every type there is, found by its index: there are few. */
export const TYPES: Query = [
  `with recursive known(type) as (
     select min(type) from events
     union all select (select min(type) from events where type > known.type) from known
     where known.type is not null
   )
   select type from known where type is not null`,
  [],
];

/** The next event from a number on. */
export const nextQuery = (seq: number): Query => [
  'select seq, at as "atMs" from events where seq >= ? order by seq limit 1',
  [seq],
];

const among = (where: string): string =>
  `select * from (select seq from events where ${where} seq < ? and seq > ? order by seq desc limit ?)`;

/**
 * Numbers of the events that are meant among the next ones of a range, newest first; then, as `seen`,
 * how many were looked at, and the number of the last of them. Those of a subject or of types are
 * found by an index, all others are looked at one by one; so many are looked at and no more.
 * @param types exact ones; null: of any type
 */
export function eventsQuery(
  { subject, actor, fromMs, toMs }: EventsAsked,
  types: readonly string[] | null,
  { aboveSeq, belowSeq, size }: SeqRange & { size: number },
): Query {
  const [found, keys] = sourceOf(subject, types);
  const conditions: [sql: string, value: string | number | undefined][] = [
    [
      'and e.type in (select value from json_each(?))',
      types === null ? undefined : JSON.stringify(types),
    ],
    ['and e.actor = ?', actor],
    ['and e.at >= ?', fromMs],
    ['and e.at < ?', toMs],
  ];
  const wanted = conditions.flatMap(([sql, value]) =>
    value === undefined ? [] : [{ sql, value }],
  );
  return [
    `with looked_at as materialized (
       select e.seq, true ${wanted.map(({ sql }) => sql).join(' ')} as is_meant
       from (${keys.map(() => among(found)).join(' union all ')} order by 1 desc limit ?) s
       cross join events e where e.seq = s.seq
     )
     select seq, null as seen from looked_at where is_meant
     union all select min(seq), count(*) from looked_at`,
    [
      ...wanted.map(({ value }) => value),
      ...keys.flatMap((key) => [...key, belowSeq, aboveSeq, size]),
      size,
    ],
  ];
}

/** By which index events are found, and once for each of its values. */
function sourceOf(
  subject: string | undefined,
  types: readonly string[] | null,
): [sql: string, keys: readonly (readonly string[])[]] {
  if (subject !== undefined) return ['subject = ? and', [[subject]]];
  if (types !== null) return ['type = ? and', types.map((type) => [type])];
  return ['', [[]]];
}

/** The events of these numbers, newest first. */
export const rowsQuery = (seqs: readonly number[]): Query => [
  `select seq, at, type, subject, actor, request_id as "requestId", before, after
   from events where seq in (select value from json_each(?)) order by seq desc`,
  [JSON.stringify(seqs)],
];
