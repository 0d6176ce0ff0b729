import type { Event } from '../entities/event.ts';
import type { Actor } from './actor.ts';
import { eventsInput } from './events-input.ts';
import type { EventsAsked, ListEvents } from './events-input.ts';
import { eventsQuery, nextQuery, rowsQuery, TYPES } from './events-sql.ts';
import type { SeqRange } from './events-sql.ts';
import { validated } from './operation.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import type { Reader } from './reader/reader.ts';

/** So many are looked at by one statement: few first, as most of what is asked for is frequent. */
const SIZE_MAX = 10_000;
const SIZE_GROWTH = 4;
/** So many are looked at for one page: some tens of milliseconds. */
const LOOK_MAX = 50_000;
/** Numbers rise with time, but for clocks that are set back, by no more than this. */
const CLOCK_SLACK_MS = 3_600_000;

const NONE: Page<Event> = { items: [], endCursor: null, hasNextPage: false };

type Row = Omit<Event, 'at' | 'before' | 'after'> & {
  at: number;
  before: string | null;
  after: string | null;
};

/** What changed, when and by whom: the audit log, and what went on. */
export class EventService {
  readonly #reader: Reader;

  constructor({ reader }: { reader: Reader }) {
    this.#reader = reader;
  }

  /**
   * Newest first. What is neither of a subject nor of types is looked for among 50,000 events, then
   * the page ends early: `endCursor` goes on from there.
   */
  async list(actor: Actor, input: ListEvents = {}): Promise<Page<Event>> {
    permit(actor, 'events');
    const asked = validated(eventsInput, input);
    const types = await this.#typesOf(asked.types);
    if (types?.length === 0) return NONE;
    // One more than the page has: whether there is a next one.
    const { seqs, stoppedAt } = await this.#find(asked, types);
    const page = seqs.slice(0, asked.first);
    const rows = await this.#reader.rows<Row>(...rowsQuery(page));
    const items = rows.map((row) => ({ cursor: String(row.seq), node: eventOf(row) }));
    const endSeq = seqs.length > asked.first ? page.at(-1) : stoppedAt;
    const endCursor = endSeq === undefined ? null : String(endSeq);
    return { items, endCursor, hasNextPage: endCursor !== null };
  }

  /** Those that there are of the types asked for; null for any. */
  async #typesOf(asked: readonly string[] | undefined): Promise<string[] | null> {
    if (asked === undefined) return null;
    const known = await this.#reader.rows<{ type: string }>(...TYPES);
    const isAsked = (type: string) =>
      asked.some((one) => (one.endsWith('*') ? type.startsWith(one.slice(0, -1)) : type === one));
    return known.map(({ type }) => type).filter(isAsked);
  }

  async #find(
    asked: EventsAsked,
    types: string[] | null,
  ): Promise<{ seqs: number[]; stoppedAt: number | undefined }> {
    const { aboveSeq, ...range } = await this.#rangeOf(asked);
    const count = asked.first + 1;
    const seqs: number[] = [];
    let { belowSeq } = range;
    let looked = 0;
    for (let size = count; looked < LOOK_MAX; size = Math.min(size * SIZE_GROWTH, SIZE_MAX)) {
      const rows = await this.#reader.rows<{ seq: number; seen: number | null }>(
        ...eventsQuery(asked, types, { aboveSeq, belowSeq, size }),
      );
      // The order in which rows of a union come is nowhere promised.
      const found = rows.filter(({ seen }) => seen === null).map(({ seq }) => seq);
      const { seq, seen } = rows.find((row) => row.seen !== null) ?? {};
      seqs.push(...found.toSorted((one, other) => other - one).slice(0, count - seqs.length));
      const isEnd = seq === undefined || (seen ?? 0) < size;
      if (seqs.length === count || isEnd) return { seqs, stoppedAt: undefined };
      belowSeq = seq;
      looked += seen ?? 0;
    }
    return { seqs, stoppedAt: belowSeq };
  }

  /** Events of a time lie between two numbers, and are not looked for elsewhere. */
  async #rangeOf({ after, before, fromMs, toMs }: EventsAsked): Promise<SeqRange> {
    const from = fromMs === undefined ? 0 : await this.#firstSince(fromMs - CLOCK_SLACK_MS);
    const to = toMs === undefined ? Infinity : await this.#firstSince(toMs + CLOCK_SLACK_MS);
    return {
      aboveSeq: Math.max(before ?? 0, from - 1),
      belowSeq: Math.min(after ?? Number.MAX_SAFE_INTEGER, to, Number.MAX_SAFE_INTEGER),
    };
  }

  /** The number of the first event at a time or later, by halves; beyond the last where there is none. */
  async #firstSince(atMs: number): Promise<number> {
    const [last] = await this.#reader.rows<{ seq: number | null }>(
      'select max(seq) as seq from events',
    );
    let low = 0;
    let high = (last?.seq ?? 0) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [next] = await this.#reader.rows<{ seq: number; atMs: number }>(...nextQuery(middle));
      if (next === undefined || next.atMs >= atMs) high = middle;
      else low = next.seq + 1;
    }
    return low;
  }
}

const read = (json: string | null): unknown => (json === null ? null : JSON.parse(json));

/** As the entity has it, without an entity manager. */
const eventOf = (row: Row): Event => ({
  ...row,
  at: new Date(row.at),
  before: read(row.before),
  after: read(row.after),
});
