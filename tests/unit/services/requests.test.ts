import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import { openDatabase } from '../../../src/database.ts';
import type { OpenDatabase } from '../../../src/database.ts';
import type { CallRecord } from '../../../src/entities/call-record.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import { UsageRecord } from '../../../src/entities/usage-record.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { localReader } from '../../../src/services/reader/local-reader.ts';
import type { Reader } from '../../../src/services/reader/reader.ts';
import { recentCalls } from '../../../src/services/recent-calls.ts';
import type { Place } from '../../../src/services/recent-calls.ts';
import { RequestService } from '../../../src/services/requests.ts';
import type { ListRequests } from '../../../src/services/requests-input.ts';
import { aHold, aRecord, emptyBooks } from '../../support/ledger-books.ts';

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 2, 1);
const DAYS = 50;
const CALLS = 700;
const OUTCOMES = ['settled', 'partial', 'voided', 'unknown'] as const;
const REASONS = ['ok', 'upstream_error', 'client_closed_request'];

let books: OpenDatabase;
let reader: Reader;
let requests: RequestService;
const calls: CallRecord[] = [];

beforeAll(async () => {
  books = await openDatabase((await emptyBooks()).dataDir);
  reader = localReader(books.file);
  requests = new RequestService({ reader });
  makeCalls();
  const database = openSqlite(books.file);
  const statements = prepare(database);
  for (let from = 0; from < CALLS; from += 50) {
    const batch = calls.slice(from, from + 50);
    const holds = batch.map((call) =>
      holdRow(aHold({ ...call, amountNano: call.holdNano, createdAtMs: call.startedAtMs }), 'test'),
    );
    database
      .transaction(() => apply(statements, { holds, settlements: batch.map(recordRow) }))
      .immediate();
  }
  database.close();
});

afterAll(async () => {
  await reader.close();
  await books.orm.close();
});

function makeCalls(): void {
  const random = seededRandom(5);
  const pick = (count: number) => Math.floor(random() * count);
  for (let index = 0; index < CALLS; index += 1) {
    // Bursts, gaps of days, and now and then one that began long before those around it.
    const orderly = START_MS + Math.floor((index / CALLS) ** 3 * DAYS * DAY_MS);
    const startedAtMs = Math.max(START_MS, orderly - (pick(15) === 0 ? pick(3 * DAY_MS) : 0));
    const hold = aHold({
      keyId: pick(40) === 0 ? 'key-rare' : `key-${pick(3)}`,
      userId: ['', 'ann', 'bob'][pick(3)] ?? '',
      model: ['gpt-4o', "'a'"][pick(2)] ?? '',
      createdAtMs: startedAtMs,
    });
    const status = [200, 200, 200, 499, 502][pick(5)] ?? 0;
    calls.push(
      aRecord(hold, {
        usage: { ...noUsage(), input: pick(1000), audioMillis: pick(9) },
        costNano: BigInt(pick(2 ** 30)) * 2n ** 19n + 1n,
        isStream: pick(2) === 0,
        isPriced: pick(2) === 0,
        outcome: OUTCOMES[Math.min(pick(40), 3)] ?? 'settled',
        reason: REASONS[pick(3)] ?? '',
        firstByteMs: pick(3) === 0 ? null : 4,
        status,
        route: pick(2) === 0 ? null : { strategy: 'random', order: ['a'], excluded: [] },
      }),
    );
  }
}

const quarterOf = ({ startedAtMs }: CallRecord) => Math.floor(startedAtMs / QUARTER_MS);
const newestFirst = (one: CallRecord, other: CallRecord) =>
  quarterOf(other) - quarterOf(one) || (one.id < other.id ? 1 : -1);

const isOneOf = (values: readonly string[] | undefined, value: string) =>
  values === undefined || values.includes(value);

/** What of all calls is asked for, in order. */
function meant({ filter = {}, ...asked }: ListRequests): string[] {
  const { fromMs = 0, toMs = Infinity, outcome, reason, isStream, isFailed } = asked;
  return calls
    .filter(
      (call) =>
        isOneOf(filter.key, call.keyId) &&
        isOneOf(filter.user, call.userId) &&
        isOneOf(filter.model, call.model) &&
        isOneOf(outcome, call.outcome) &&
        isOneOf(reason, call.reason) &&
        (isStream === undefined || call.isStream === isStream) &&
        (isFailed === undefined || call.status >= 400 === isFailed) &&
        call.startedAtMs >= fromMs &&
        call.startedAtMs < toMs,
    )
    .toSorted(newestFirst)
    .map(({ id }) => id);
}

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const some = (...values: string[]) => maybe(fc.subarray(values));
const flag = maybe(fc.boolean());
const aTime = fc.integer({ min: -10, max: DAYS * 24 * 60 }).map((at) => START_MS + at * 60_000);
const anAsk = fc
  .record({
    filter: fc.record({
      key: some('key-0', 'key-1', 'key-rare', 'nobody'),
      user: some('ann', ''),
      model: some("'a'"),
    }),
    times: fc.uniqueArray(maybe(aTime), { minLength: 2, maxLength: 2 }),
    outcome: maybe(fc.subarray([...OUTCOMES])),
    reason: some('ok', 'upstream_error'),
    isStream: flag,
    isFailed: flag,
  })
  .map(({ times: [one, other], ...asked }): ListRequests => {
    const [fromMs, toMs] = (one ?? 0) < (other ?? Infinity) ? [one, other] : [other, one];
    return { ...asked, fromMs, toMs };
  });

describe('requests are listed page by page', () => {
  test('whatever is asked for: each once, the newest first', async () => {
    await fc.assert(
      fc.asyncProperty(anAsk, fc.integer({ min: 1, max: 100 }), async (asked, first) => {
        const ids: string[] = [];
        let after: string | undefined;
        for (let isMore = true; isMore;) {
          const page = await requests.list(CLI, { ...asked, first, after });
          ids.push(...page.items.map(({ node }) => node.id));
          isMore = page.hasNextPage;
          expect(page.endCursor).toBe(isMore ? page.items[first - 1]?.cursor : null);
          after = page.endCursor ?? undefined;
        }
        expect(ids).toEqual(meant(asked));
      }),
      { numRuns: 150 },
    );
  });

  test('and looking can stop anywhere, to go on from there', async () => {
    await fc.assert(
      fc.asyncProperty(anAsk, fc.integer({ min: 1, max: 300 }), async (asked, lookMax) => {
        const { filter = {}, fromMs = 0, toMs = Infinity, ...facts } = asked;
        const sought = { filter, facts, period: { startMs: fromMs, endMs: toMs } };
        const ids: string[] = [];
        let after: Place | undefined;
        for (let isMore = true; isMore;) {
          const found = await recentCalls(reader, sought, { count: 30, after, lookMax });
          ids.push(...found.ids);
          isMore = found.stoppedAt !== null;
          after = found.stoppedAt ?? undefined;
        }
        expect(ids).toEqual(meant(asked));
      }),
      { numRuns: 100 },
    );
  });

  test('as the entity has them', async () => {
    const { items } = await requests.list(CLI, { first: 100 });
    const em = books.orm.em.fork();
    const records = await em.find(UsageRecord, { id: { $in: items.map(({ node }) => node.id) } });
    const byId = new Map(records.map((record) => [record.id, Object.assign({}, record)]));
    for (const { node } of items) expect(node).toEqual(byId.get(node.id));
  });

  test('newer ones do not move a page that comes later', async () => {
    const first = await requests.list(CLI, { first: 10 });
    const again = { first: 10, after: first.endCursor ?? '' };
    const second = await requests.list(CLI, again);
    const database = openSqlite(books.file);
    const hold = aHold({ createdAtMs: START_MS + 2 * DAYS * DAY_MS });
    const call = aRecord(hold, { userId: 'zoe' });
    apply(prepare(database), { holds: [holdRow(hold, 'test')], settlements: [recordRow(call)] });
    database.close();
    expect(await requests.list(CLI, again)).toEqual(second);
    expect((await requests.list(CLI, { first: 1 })).items[0]?.node.id).toBe(call.id);
    calls.push(call);
  });
});

test.each([{}, { user: ['bob'] }, { user: ['ann', 'bob'] }, { user: [] }])(
  'users see their own, whatever they filter by: %j',
  async (filter) => {
    const ann: Actor = { name: 'user:ann', role: 'user', userId: 'ann' };
    const { items } = await requests.list(ann, { filter, first: 100 });
    expect(items.map(({ node }) => node.id)).toEqual(
      meant({ filter: { user: ['ann'] } }).slice(0, 100),
    );
  },
);

test('where nothing is on record there is one page, and nothing on it', async () => {
  const empty = localReader((await emptyBooks()).file);
  const none = new RequestService({ reader: empty });
  expect(await none.list(CLI)).toEqual({ items: [], endCursor: null, hasNextPage: false });
  await empty.close();
});

test.each<[ListRequests, string | RegExp]>([
  [{ first: 101 }, 'first'],
  [{ after: 'x' }, 'after: is no cursor of this list'],
  [{ fromMs: 5, toMs: 5 }, 'fromMs: must be before toMs'],
  [{ outcome: ['lost'], filter: { colour: [] } } as never, /filter: .*colour.*outcome/],
])('what cannot be is refused: %j', async (input, message) => {
  const asked = requests.list(CLI, input);
  await expect(asked).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(asked).rejects.toThrow(message);
});
