import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Event } from '../../../src/entities/event.ts';
import { EventFeed } from '../../../src/events/feed.ts';
import type { FeedQuery } from '../../../src/events/feed.ts';
import { leavable } from '../../../src/lib/leavable.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { aDirectory, draft } from './log-of-its-own.ts';

type Opened = Awaited<ReturnType<Awaited<ReturnType<typeof aDirectory>>>>;

/** Somebody who follows, now and then reads, and is dropped now and then. */
class Reader {
  readonly seen: number[] = [];
  readonly #feed: EventFeed;
  readonly #query: FeedQuery;
  #rows: AsyncGenerator<Event, void> | undefined;
  #next: Promise<IteratorResult<Event, void>> | undefined;

  constructor(feed: EventFeed, query: FeedQuery) {
    this.#feed = feed;
    this.#query = query;
  }

  async read(count: number): Promise<void> {
    const after = this.seen.at(-1) ?? this.#query.after;
    this.#rows ??= await leavable((signal) => this.#feed.follow({ ...this.#query, after }, signal));
    for (let nth = 0; nth < count; nth += 1) {
      this.#next ??= this.#rows.next();
      const row = await Promise.race([this.#next, aWhile()]);
      if (row === null) return;
      this.#next = undefined;
      if (row.done !== true) this.seen.push(row.value.seq);
    }
  }

  /** What was on the way is lost. */
  async drop(): Promise<void> {
    await this.#rows?.return();
    this.#rows = undefined;
    this.#next = undefined;
  }
}

async function aWhile(): Promise<null> {
  for (let nth = 0; nth < 20; nth += 1) await turn();
  return null;
}

const TYPES = ['virtual_key.created', 'virtual_key.updated', 'credential_ban.imposed', 'user.made'];

const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        append: fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 6 }),
        isElsewhere: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        follow: fc.nat(30),
        filter: fc.constantFrom<FeedQuery>(
          {},
          { types: ['virtual_key.*'] },
          { types: ['user.made', 'cred*'] },
          { subject: 's1' },
        ),
      }),
    },
    { weight: 4, arbitrary: fc.record({ read: fc.nat(3), count: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ drop: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.constant({ tail: true as const }) },
  ),
  { maxLength: 40 },
);

const isOf = ({ types = ['*'], subject }: FeedQuery, event: Event): boolean =>
  types.some((type) =>
    type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type,
  ) &&
  (subject === undefined || event.subject === subject);

test('however appending, following, reading and dropping take turns, each follower sees each row once, in order', async () => {
  const open = await aDirectory();
  const [here, elsewhere] = [await open(), await open()];
  const other = await elsewhere.aLog();
  let subject = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const log = await here.aLog();
      // So small that old rows come from the database.
      const feed = new EventFeed({ em: here.em, events: log }, 3);
      const readers: { reader: Reader; query: FeedQuery; after: number }[] = [];
      for (const step of all) {
        if ('append' in step) {
          const drafts = step.append.map((type) => draft(type, `s${(subject += 1) % 3}`));
          await (step.isElsewhere ? other : log).record(drafts);
        }
        if ('tail' in step) await log.caughtUp();
        if ('follow' in step && readers.length < 4) {
          const after = Math.max(0, log.seq - step.follow);
          const query = { ...step.filter, after };
          readers.push({ reader: new Reader(feed, query), query, after });
        }
        if ('read' in step) await readers[step.read]?.reader.read(step.count);
        if ('drop' in step) await readers[step.drop]?.reader.drop();
      }
      await log.caughtUp();
      const rows = await here.em.fork().find(Event, {}, { orderBy: { seq: 'asc' } });
      for (const { reader, query, after } of readers) {
        await reader.read(Number.POSITIVE_INFINITY);
        const wanted = rows.filter((row) => row.seq > after && isOf(query, row));
        expect(reader.seen).toEqual(wanted.map(({ seq }) => seq));
        await reader.drop();
      }
      await log.close();
    }),
    { numRuns: 60 },
  );
});

/** Rows of a long past, written as one statement. */
function insertMany({ file }: Opened, count: number): void {
  const database = openSqlite(file);
  database.exec(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) insert into events (at, type, subject, actor) select 0, iif(i % 1500 = 0, 'rare.one', 'usual.one'), 's', 'system' from n`,
  );
  database.close();
}

const collect = async (feed: EventFeed, query: FeedQuery, count: number): Promise<number[]> => {
  const seen: number[] = [];
  for await (const { seq } of await leavable((signal) => feed.follow(query, signal))) {
    if (seen.push(seq) === count) break;
  }
  return seen;
};

test('a long past is read whole, and what is rare in it is found', async () => {
  const opened = await (await aDirectory())();
  insertMany(opened, 10_000);
  const log = await opened.aLog();
  const feed = new EventFeed({ em: opened.em, events: log });
  const all = Array.from({ length: 10_000 }, (_, index) => index + 1);
  expect(await collect(feed, { after: 0 }, 10_000)).toEqual(all);
  const rare = all.filter((seq) => seq % 1500 === 0);
  expect(await collect(feed, { after: 0, types: ['rare.*'] }, rare.length)).toEqual(rare);
});

test('what is new is told to many without a statement for each', async () => {
  const opened = await (await aDirectory())();
  const log = await opened.aLog();
  const feed = new EventFeed({ em: opened.em, events: log });
  const followers = Array.from({ length: 200 }, () => collect(feed, {}, 50));
  await turn();
  const statements: string[] = [];
  const connection = opened.em.getConnection();
  const execute = connection.execute.bind(connection);
  connection.execute = ((...args: Parameters<typeof execute>) => {
    statements.push(JSON.stringify(args[0]));
    return execute(...args);
  }) as never;
  await log.record(Array.from({ length: 50 }, () => draft('user.made')));
  const [first, ...others] = await Promise.all(followers);
  expect(first).toHaveLength(50);
  for (const one of others) expect(one).toEqual(first);
  expect(statements.length).toBeLessThan(20);
});

test('a row that does not exist yet, or is not kept any more, cannot be begun after', async () => {
  const opened = await (await aDirectory())();
  insertMany(opened, 10);
  const log = await opened.aLog();
  const feed = new EventFeed({ em: opened.em, events: log });
  const { signal } = new AbortController();
  await expect(feed.follow({ after: 11 }, signal)).rejects.toMatchObject({
    code: 'invalid_request',
    param: 'after',
    message: 'There is no event 11 yet: the newest is 10.',
  });
  const database = openSqlite(opened.file);
  database.exec('delete from events where seq < 5');
  database.close();
  await expect(feed.follow({ after: 3 }, signal)).rejects.toMatchObject({
    code: 'not_found',
    message: 'Events before number 5 are no longer kept.',
  });
  expect(await collect(feed, { after: 4 }, 2)).toEqual([5, 6]);
});

test('a row that another process has committed is known to who comes after it', async () => {
  const open = await aDirectory();
  const [here, elsewhere] = [await open(), await open()];
  const [log, other] = [await here.aLog(), await elsewhere.aLog()];
  const feed = new EventFeed({ em: here.em, events: log });
  await other.record([draft('user.made'), draft('user.made')]);
  const following = collect(feed, { after: 2 }, 1);
  await other.record([draft('user.made')]);
  await turn();
  await log.caughtUp();
  expect(await following).toEqual([3]);
});

test('a delivery that comes again is not told again', async () => {
  const opened = await (await aDirectory())();
  const log = await opened.aLog();
  const feed = new EventFeed({ em: opened.em, events: log });
  let isBroken = true;
  log.subscribe('user.', () => {
    if (isBroken) throw new Error('later, perhaps');
  });
  const following = collect(feed, {}, 2);
  await expect(log.record([draft('user.made')])).rejects.toThrow('later');
  isBroken = false;
  await log.record([draft('user.made')]);
  expect(await following).toEqual([1, 2]);
});

test('rows become visible in the order of their numbers: there is one writer at a time, and what is rolled back was never seen', async () => {
  const { file } = await (await aDirectory())();
  const [first, second] = [openSqlite(file), openSqlite(file)];
  const insert = `insert into events (at, type, subject, actor) values (0, 'a.b', 's', 'system')`;
  second.exec('pragma busy_timeout = 1');
  first.exec('begin immediate');
  first.exec(insert);
  expect(() => second.exec(insert)).toThrow('locked');
  first.exec('rollback');
  second.exec(insert);
  expect(second.prepare('select seq from events').all()).toEqual([{ seq: 1 }]);
  first.close();
  second.close();
});
