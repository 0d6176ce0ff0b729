import { beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Event } from '../../../src/entities/event.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { EventService } from '../../../src/services/events.ts';
import type { ListEvents } from '../../../src/services/events-input.ts';
import { openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 0, 1);
const EVENTS = 600;
const TYPES = ['balance.changed', 'virtual_key.created', 'virtual_key.updated', 'budget.set'];
const ACTORS = ['system', 'cli', 'user:ann'];

let office: Office;
let history: EventService;
let events: Event[];

beforeEach(async () => {
  office = await openOffice();
  ({ history } = office.space);
});

/** Some hours of events, most of them of one type; clocks are set back a little now and then. */
async function happen(): Promise<void> {
  const random = seededRandom(9);
  const pick = (count: number) => Math.floor(random() * count);
  const em = office.space.orm.em.fork();
  for (let index = 0; index < EVENTS; index += 1) {
    const backMs = pick(20) === 0 ? pick(50) * MINUTE_MS : 0;
    em.persist(
      em.create(Event, {
        at: new Date(START_MS + index * MINUTE_MS - backMs),
        type: TYPES[Math.max(0, pick(20) - 16)] ?? '',
        subject: pick(30) === 0 ? 'rare' : `thing-${pick(3)}`,
        actor: ACTORS[pick(3)] ?? '',
        requestId: pick(2) === 0 ? null : `request-${index}`,
        before: pick(2) === 0 ? null : { cap: '0.1', nested: [null, 'x'] },
        after: index,
      }),
    );
  }
  await em.flush();
  events = await office.space.orm.em.fork().find(Event, {}, { orderBy: { seq: 'desc' } });
}

function meant(asked: ListEvents): Event[] {
  const {
    types,
    subject,
    actor,
    fromMs = 0,
    toMs = Infinity,
    after = Infinity,
    before = 0,
  } = asked;
  return events.filter(
    (event) =>
      (types === undefined ||
        types.some((type) =>
          type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type,
        )) &&
      (subject === undefined || event.subject === subject) &&
      (actor === undefined || event.actor === actor) &&
      event.at.getTime() >= fromMs &&
      event.at.getTime() < toMs &&
      event.seq < Number(after) &&
      event.seq > Number(before),
  );
}

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const aTime = fc.integer({ min: -90, max: EVENTS + 90 }).map((at) => START_MS + at * MINUTE_MS);
const anAsk = fc
  .record({
    types: maybe(fc.subarray([...TYPES, 'virtual_key.*', '*', 'b*', 'nothing.happened'])),
    subject: maybe(fc.constantFrom('rare', 'thing-1', 'nothing')),
    actor: maybe(fc.constantFrom(...ACTORS, 'admin')),
    before: maybe(fc.nat(EVENTS + 5)),
    times: fc.uniqueArray(maybe(aTime), { minLength: 2, maxLength: 2 }),
  })
  .map(({ times: [one, other], ...asked }): ListEvents => {
    const [fromMs, toMs] = (one ?? 0) < (other ?? Infinity) ? [one, other] : [other, one];
    return { ...asked, fromMs, toMs };
  });

const plain = (list: readonly Event[]) => list.map((event) => Object.assign({}, event));

test('events are listed page by page: each once, the newest first, as the entity has them', async () => {
  await happen();
  await fc.assert(
    fc.asyncProperty(anAsk, fc.integer({ min: 1, max: 100 }), async (asked, first) => {
      const found: Event[] = [];
      let after: string | undefined;
      for (let isMore = true; isMore;) {
        const page = await history.list(CLI, { ...asked, first, after });
        expect(page.items.map(({ cursor }) => cursor)).toEqual(
          page.items.map(({ node }) => String(node.seq)),
        );
        found.push(...page.items.map(({ node }) => node));
        isMore = page.hasNextPage;
        if (isMore) expect(page.items).toHaveLength(first);
        after = page.endCursor ?? undefined;
      }
      expect(found).toEqual(plain(meant(asked)));
    }),
    { numRuns: 200 },
  );
});

describe('of very many events', () => {
  /** More than are looked at for one page; the oldest is another's. */
  const MANY = 120_000;
  const other = { subject: 'rare', actor: 'ann', types: ['budget.set'] };

  beforeEach(() => {
    const database = openSqlite(office.space.file);
    database.exec(`insert into events (at, type, subject, actor)
      values (${START_MS}, 'budget.set', 'rare', 'ann')`);
    database.exec(`insert into events (at, type, subject, actor)
      with recursive n(x) as (select 1 union all select x + 1 from n where x < ${MANY})
      select ${START_MS} + x * ${MINUTE_MS}, 'balance.changed', 'thing', 'system' from n`);
    database.close();
  });

  test('a page ends early where few are meant, and the next goes on from there', async () => {
    const pages: number[] = [];
    let after: string | undefined;
    for (let isMore = true; isMore;) {
      const page = await history.list(CLI, { actor: other.actor, after });
      pages.push(page.items.length);
      isMore = page.hasNextPage;
      after = page.endCursor ?? undefined;
    }
    expect(pages).toEqual([0, 0, 1]);
  });

  test.each([
    ['subject', { subject: other.subject, actor: other.actor }],
    ['type', { types: other.types }],
    ['beginning of types', { types: ['budget.*'] }],
    ['time', { actor: other.actor, toMs: START_MS + 1 }],
  ])('those of a %s are found at once', async (_what, asked) => {
    const page = await history.list(CLI, asked);
    expect(page.items.map(({ node }) => node.subject)).toEqual(['rare']);
    expect(page.hasNextPage).toBe(false);
  });
});

test('where nothing happened there is one page, and nothing on it', async () => {
  const nothing = { items: [], endCursor: null, hasNextPage: false };
  expect(await history.list(CLI)).toEqual(nothing);
  expect(await history.list(CLI, { types: ['*'], fromMs: 1, toMs: 2 })).toEqual(nothing);
});

test('those who may not see what happened are told so', async () => {
  const ann = { name: 'user:ann', role: 'user', userId: 'ann' } as const;
  await expect(history.list(ann)).rejects.toMatchObject({ code: 'permission_denied' });
});

test.each<[ListEvents, string | RegExp]>([
  [{ first: 0, types: ['Balance changed'] }, /types\.0: must be the type.*first: /],
  [{ after: 'x' }, 'after: '],
  [{ fromMs: 5, toMs: 5 }, 'fromMs: must be before toMs'],
  [{ colour: 'red' } as never, 'colour'],
])('what cannot be is refused: %j', async (input, message) => {
  const asked = history.list(CLI, input);
  await expect(asked).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(asked).rejects.toThrow(message);
});
