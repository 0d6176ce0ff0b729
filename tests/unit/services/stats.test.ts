import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { adjust } from '../../../src/accounting/ledger/adjust.ts';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { openDatabase } from '../../../src/database.ts';
import type { OpenDatabase } from '../../../src/database.ts';
import type { CallRecord } from '../../../src/entities/call-record.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import { USAGE_DIMENSIONS } from '../../../src/entities/usage-dimension.ts';
import type { UsageDimension } from '../../../src/entities/usage-dimension.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { localReader } from '../../../src/services/reader/local-reader.ts';
import type { Reader } from '../../../src/services/reader/reader.ts';
import { StatsService } from '../../../src/services/stats.ts';
import type { UsageSum } from '../../../src/services/usage-sum.ts';
import { aHold, aRecord, emptyBooks } from '../../support/ledger-books.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Two days before clocks are set forward in Berlin; the calls are of the 40 days that follow. */
const START_MS = Date.UTC(2026, 2, 27);
const DAYS = 40;
const CALLS = 1500;
const ALL = Object.keys(USAGE_DIMENSIONS) as UsageDimension[];

let books: OpenDatabase;
let reader: Reader;
let stats: StatsService;
/** As they are on record, with all adjustments. */
const calls: (CallRecord & { adjustedNano: bigint })[] = [];

const nowMs = START_MS + DAYS * DAY_MS;
const clock = new ManualClock(nowMs);

beforeAll(async () => {
  books = await openDatabase((await emptyBooks()).dataDir);
  reader = localReader(books.file);
  stats = new StatsService({ reader, clock });
  makeCalls();
  const database = openSqlite(books.file);
  const statements = prepare(database);
  // As they come in: mostly by time, some a good deal later.
  for (let from = 0; from < CALLS; from += 7) {
    const batch = calls.slice(from, from + 7);
    const holds = batch.map((call) =>
      holdRow(aHold({ ...call, amountNano: call.holdNano, createdAtMs: call.startedAtMs }), 'test'),
    );
    database
      .transaction(() => apply(statements, { holds, settlements: batch.map(recordRow) }))
      .immediate();
    if (from % 70 === 0) await correct(calls.slice(Math.max(0, from - 40), from + 7));
  }
  expect(verifyLedger(database, false).findings).toEqual([]);
  database.close();
});

afterAll(async () => {
  await reader.close();
  await books.orm.close();
});

function makeCalls(): void {
  const random = seededRandom(7);
  const pick = (count: number) => Math.floor(random() * count);
  for (let index = 0; index < CALLS; index += 1) {
    // Bursts and gaps; now and then one that took a day.
    const lateMs = pick(20) === 0 ? pick(DAY_MS) : 0;
    const orderly = START_MS + Math.floor(((index + random()) / CALLS) * DAYS * DAY_MS);
    const startedAtMs = Math.max(START_MS, orderly - lateMs);
    const key = pick(5);
    const hold = aHold({
      keyId: `key-${key}`,
      poolId: `pool-${key % 2}`,
      userId: key === 4 ? '' : `user-${key % 3}`,
      // A key that was given to another team half way.
      teamId: key === 0 && index > CALLS / 2 ? 'team-9' : `team-${key % 2}`,
      endpoint: ['chat.completions', 'responses', 'embeddings'][pick(3)] ?? '',
      model: ['gpt-4o', '"', "'a'", ''][pick(4)] ?? '',
      createdAtMs: startedAtMs,
    });
    const usage = { ...noUsage(), input: pick(1000), cacheRead: pick(50), output: pick(500) };
    const record = aRecord(hold, {
      usage,
      costNano: BigInt(pick(2 ** 30)) * 2n ** 20n,
      credentialId: pick(30) === 0 ? '' : `credential-${pick(3)}`,
    });
    calls.push({ ...record, adjustedNano: 0n });
  }
}

async function correct(some: typeof calls): Promise<void> {
  const wrong = some.filter((_call, index) => index % 9 === 0);
  const facts = { reason: 'operator', actor: 'cli', note: null, atMs: nowMs } as const;
  await books.orm.em.fork().transactional((tx) =>
    adjust(
      tx,
      wrong.map(({ id }) => id),
      facts,
      ({ costNano }) => ({ costNano: costNano / 3n + 1n, priceId: '' }),
    ),
  );
  for (const call of wrong) {
    const costNano = (call.costNano + call.adjustedNano) / 3n + 1n;
    call.adjustedNano = costNano - call.costNano;
  }
}

const valueOf = (call: CallRecord, dimension: UsageDimension): string =>
  ({
    key: call.keyId,
    team: call.teamId,
    user: call.userId,
    pool: call.poolId,
    model: call.model,
    endpoint: call.endpoint,
    credential: call.credentialId,
  })[dimension];

/** What some calls come to, added up one by one. */
function added(some: typeof calls): Omit<UsageSum, 'usage'> & { input: number } {
  const sum = {
    calls: 0,
    inputTokens: 0,
    outputTokens: 0,
    costNano: 0n,
    adjustedNano: 0n,
    input: 0,
  };
  for (const { usage, costNano, adjustedNano } of some) {
    sum.calls += 1;
    sum.input += usage.input;
    sum.inputTokens += usage.input + usage.cacheRead;
    sum.outputTokens += usage.output;
    sum.costNano += costNano + adjustedNano;
    sum.adjustedNano += adjustedNano;
  }
  return sum;
}

const told = ({ usage, ...sum }: UsageSum) => ({ ...sum, input: usage.input });

type Filter = Partial<Record<UsageDimension, string[]>>;

const isMeant = (filter: Filter) => (call: CallRecord) =>
  Object.entries(filter).every(([name, values]) =>
    values.includes(valueOf(call, name as UsageDimension)),
  );

/** Some of the values there are, and one that there is not. */
const valuesOf = (dimension: UsageDimension) =>
  fc.constantFrom(...new Set([...calls.map((call) => valueOf(call, dimension)), 'nobody']));
const aFilter = () =>
  fc
    .subarray(ALL, { maxLength: 3 })
    .chain((names) =>
      fc.record(
        Object.fromEntries(
          names.map((name) => [name, fc.uniqueArray(valuesOf(name), { maxLength: 2 })]),
        ),
      ),
    ) as fc.Arbitrary<Filter>;
const aQuarter = fc
  .integer({ min: -10, max: (DAYS + 1) * 96 })
  .map((at) => START_MS + at * QUARTER_MS);
const aRange = fc
  .uniqueArray(fc.option(aQuarter, { nil: undefined }), { minLength: 2, maxLength: 2 })
  .map(([one, other]) => {
    const [fromMs, toMs] = (one ?? 0) < (other ?? Infinity) ? [one, other] : [other, one];
    return { fromMs, toMs };
  });

const within =
  ({ fromMs = 0, toMs = Infinity }: { fromMs?: number | undefined; toMs?: number | undefined }) =>
  ({ startedAtMs }: CallRecord) =>
    startedAtMs >= fromMs && startedAtMs < toMs;

describe('statistics are the sums of the records', () => {
  test('told apart by anything, of any calls, of any time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(ALL, { maxLength: 3 }),
        aFilter(),
        aRange,
        async (by, filter, range) => {
          const some = calls.filter(isMeant(filter)).filter(within(range));
          expect(told(await stats.totals(CLI, { filter, ...range }))).toEqual(added(some));
          const groups = await stats.by(CLI, by, { filter, ...range });
          const costs = groups.map(({ costNano }) => costNano);
          expect(costs).toEqual(costs.toSorted((left, right) => (left < right ? 1 : -1)));
          const expected = Map.groupBy(some, (call) =>
            JSON.stringify(by.map((dimension) => valueOf(call, dimension))),
          );
          expect(groups).toHaveLength(expected.size);
          for (const { of, ...sum } of groups) {
            const group = expected.get(JSON.stringify(by.map((dimension) => of[dimension])));
            expect(told(sum)).toEqual(added(group ?? []));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('ends within a quarter of an hour take all of it', async () => {
    const [call] = calls;
    const fromMs = (call?.startedAtMs ?? 0) - ((call?.startedAtMs ?? 0) % QUARTER_MS);
    const whole = await stats.totals(CLI, { fromMs, toMs: fromMs + QUARTER_MS });
    expect(whole.calls).toBeGreaterThan(0);
    expect(await stats.totals(CLI, { fromMs: fromMs + 1, toMs: fromMs + 2 })).toEqual(whole);
  });

  test('by hours and days of any zone, whatever its clocks do', async () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'America/New_York',
    ];
    const steps = fc.constantFrom('hour' as const, 'day' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...zones),
        steps,
        aFilter(),
        aRange,
        async (zone, step, filter, { fromMs, toMs }) => {
          const buckets = await stats.series(CLI, { step, zone, filter, fromMs, toMs });
          const ends = buckets.map(({ startMs, endMs }) => [startMs, endMs] as const);
          for (const [index, [, endMs]] of ends.entries()) {
            if (index + 1 < ends.length) expect(ends[index + 1]?.[0]).toBe(endMs);
          }
          const some = calls.filter(isMeant(filter));
          for (const { startMs, endMs, ...sum } of buckets) {
            const bucket = some.filter(within({ fromMs: startMs, toMs: endMs }));
            if (bucket.length + sum.calls > 0) expect(told(sum)).toEqual(added(bucket));
          }
          const beginMs = fromMs ?? Math.min(...calls.map(({ startedAtMs }) => startedAtMs));
          if (beginMs >= (toMs ?? nowMs)) return;
          const [first] = ends;
          const last = ends.at(-1);
          expect(first?.[0]).toBeLessThanOrEqual(beginMs);
          expect(last?.[1]).toBeGreaterThanOrEqual(toMs ?? nowMs);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a day of 23 hours is one day, and has 23 of them', async () => {
    const [fromMs, toMs] = [Date.UTC(2026, 2, 28, 23), Date.UTC(2026, 2, 29, 22)];
    const zone = 'Europe/Berlin';
    const days = await stats.series(CLI, { step: 'day', zone, fromMs, toMs });
    expect(days.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([[fromMs, toMs]]);
    const hours = await stats.series(CLI, { step: 'hour', zone, fromMs, toMs });
    expect(hours).toHaveLength(23);
    expect(hours.reduce((sum, hour) => sum + hour.calls, 0)).toBe(days[0]?.calls);
  });
});

test('the last calls are those on record, the newest first', async () => {
  await fc.assert(
    fc.asyncProperty(aFilter(), fc.integer({ min: 1, max: 100 }), async (filter, count) => {
      const found = await stats.recent(CLI, { filter, count });
      const expected = calls
        .filter(isMeant(filter))
        .toSorted((left, right) => {
          const quarters = [left, right].map((call) => Math.floor(call.startedAtMs / QUARTER_MS));
          return (quarters[1] ?? 0) - (quarters[0] ?? 0) || (left.id < right.id ? 1 : -1);
        })
        .slice(0, count);
      expect(found.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    }),
    { numRuns: 60 },
  );
});

async function openRollups(): Promise<number | undefined> {
  const em = books.orm.em.fork();
  const [row] = await em.execute<{ n: number }[]>('select count(*) as n from usage_rollups');
  return row?.n;
}

test('corrections of old calls are carried over as they are made, so that none pile up', async () => {
  const before = await openRollups();
  const [{ adjustedNano }, costs] = [
    await stats.totals(CLI),
    calls.map((call) => call.adjustedNano),
  ];
  await correct(calls.slice(0, 300));
  expect(await openRollups()).toBe(before);
  const more = calls.reduce((sum, call, at) => sum + call.adjustedNano - (costs[at] ?? 0n), 0n);
  expect(more).not.toBe(0n);
  expect(await stats.totals(CLI)).toMatchObject({
    calls: CALLS,
    adjustedNano: adjustedNano + more,
  });
});

describe('users', () => {
  const ann: Actor = { name: 'user:user-1', role: 'user', userId: 'user-1' };

  test.each([{}, { user: ['user-2'] }, { user: ['user-1', 'user-2'] }])(
    'see what is theirs alone, whatever they filter by: %j',
    async (filter) => {
      const some = calls.filter(({ userId }) => userId === 'user-1');
      expect(told(await stats.totals(ann, { filter }))).toEqual(added(some));
      const groups = await stats.by(ann, ['user'], { filter });
      expect(groups.map(({ of, calls: count }) => [of, count])).toEqual([
        [{ user: 'user-1' }, some.length],
      ]);
      const days = await stats.series(ann, { step: 'day', filter });
      expect(days.reduce((sum, day) => sum + day.calls, 0)).toBe(some.length);
      const recent = await stats.recent(ann, { filter, count: 100 });
      expect(new Set(recent.map(({ userId }) => userId))).toEqual(new Set(['user-1']));
    },
  );
});

test('of many groups only the dearest are told, if so asked', async () => {
  const all = await stats.by(CLI, ALL);
  expect(all.length).toBeGreaterThan(100);
  expect(await stats.by(CLI, ALL, { count: 7 })).toEqual(all.slice(0, 7));
});

describe('nothing on record', () => {
  let none: StatsService;
  let empty: OpenDatabase;
  let nothing: Reader;

  beforeAll(async () => {
    empty = await openDatabase((await emptyBooks()).dataDir);
    nothing = localReader(empty.file);
    none = new StatsService({ reader: nothing, clock });
  });

  afterAll(async () => {
    await nothing.close();
    await empty.orm.close();
  });

  test('comes to nothing', async () => {
    expect(told(await none.totals(CLI))).toEqual(added([]));
    expect(await none.by(CLI, ['key'])).toEqual([]);
    expect(await none.series(CLI, { step: 'day' })).toEqual([]);
    expect(await none.recent(CLI)).toEqual([]);
    const hours = await none.series(CLI, { step: 'hour', fromMs: nowMs - HOUR_MS });
    expect(hours.map(({ calls: count }) => count)).toEqual([0]);
  });
});

test.each([
  [() => stats.totals(CLI, { fromMs: 5, toMs: 5 }), 'fromMs: must be before toMs'],
  [() => stats.totals(CLI, { filter: { colour: ['red'] } } as never), 'colour'],
  [
    () => stats.series(CLI, { step: 'day', zone: 'Mars', fromMs: -1 }),
    /fromMs: .*zone: must be the IANA/,
  ],
  [() => stats.series(CLI, { step: 'week' as never }), 'step'],
  [
    () => stats.series(CLI, { step: 'hour', fromMs: 0 }),
    'step: 493896 of them are too many, 10000',
  ],
  [() => stats.recent(CLI, { count: 101 }), 'count'],
])('what cannot be is refused %#', async (ask, message) => {
  await expect(ask()).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(ask()).rejects.toThrow(message);
});
