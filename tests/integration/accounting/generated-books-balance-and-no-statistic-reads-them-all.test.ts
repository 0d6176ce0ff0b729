import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type Database from 'better-sqlite3';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { USAGE_DIMENSIONS } from '../../../src/entities/usage-dimension.ts';
import type { UsageDimension } from '../../../src/entities/usage-dimension.ts';
import { takenIn } from '../../../src/services/spend.ts';
import { bucketsOf, coverOf } from '../../../src/services/usage-spans.ts';
import { callsQuery, quartersQuery } from '../../../src/services/calls-sql.ts';
import { bucketsQuery, groupsQuery } from '../../../src/services/usage-sql.ts';
import type { Query, UsageFilter } from '../../../src/services/usage-sql.ts';
import { runProgram, temporaryDirectory } from '../../support/server-process.ts';
import type { CommandResult } from '../../support/server-process.ts';

const SCRIPT = join(import.meta.dirname, '../../../scripts/generate-ledger.ts');
const DAY_MS = 86_400_000;
const UNTIL = '2026-04-01T00:00:00Z';
const untilMs = Date.parse(UNTIL);

const generate = (dataDir: string, ...flags: string[]): Promise<CommandResult> =>
  runProgram(process.execPath, [SCRIPT, '--data-dir', dataDir, '--until', UNTIL, ...flags]);

const lookAt = <T>(dataDir: string, look: (database: Database.Database) => T): T => {
  const database = openSqlite(join(dataDir, 'tollgate.db'));
  try {
    return look(database);
  } finally {
    database.close();
  }
};

let dataDir = '';

beforeAll(async () => {
  dataDir = await temporaryDirectory('file');
  const made = await generate(dataDir, '--records', '20000', '--days', '40');
  expect(made).toMatchObject({ code: 0 });
});

/** A small ledger of a seed. */
async function callsOf(seed: string) {
  const other = await temporaryDirectory();
  expect(await generate(other, '--records', '300', '--days', '2', '--seed', seed)).toMatchObject({
    code: 0,
  });
  return lookAt(other, (database) =>
    database.prepare('select id, key_id, model, cost_nano, attempts from usage_records').all(),
  );
}

describe('the generator', () => {
  test('writes books that balance', () => {
    const verified = lookAt(dataDir, (database) => verifyLedger(database, false));
    expect(verified).toMatchObject({ records: 20_000, openHolds: 0, findings: [] });
    expect(verified.costNano).toBeGreaterThan(0n);
  });

  test('of every kind of call, by many keys', () => {
    const kinds = lookAt(dataDir, (database) =>
      database
        .prepare(
          `select count(distinct outcome) as outcomes, count(distinct endpoint) as endpoints,
             count(distinct key_id) > 150 as keys, count(distinct credential_id) as credentials,
             min(started_at_ms) >= ${untilMs - 40 * DAY_MS} as begin,
             max(started_at_ms) < ${untilMs} as end from usage_records`,
        )
        .get(),
    );
    expect(kinds).toEqual({
      outcomes: 4,
      endpoints: 6,
      keys: 1,
      credentials: 31,
      begin: 1,
      end: 1,
    });
  });

  test('leaves books alone that hold anything', async () => {
    const { code, stderr } = await generate(dataDir, '--records', '5');
    expect(code).toBe(1);
    expect(stderr).toContain('is in use');
    expect(lookAt(dataDir, (database) => verifyLedger(database, false).records)).toBe(20_000);
  });

  test('writes the same calls for the same seed, and others for another', async () => {
    const [first, again, other] = await Promise.all(['3', '3', '4'].map(callsOf));
    expect(first).toHaveLength(300);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('names every mistake at once', async () => {
    const { code, stderr } = await runProgram(process.execPath, [
      SCRIPT,
      '--records',
      '0',
      '--days',
      'x',
    ]);
    expect(code).toBe(1);
    expect(stderr.match(/--(?:data-dir|records|days): /g)).toHaveLength(3);
  });
});

/** What is read of a table, told by SQLite: `SCAN` is all of it. */
const readsOf = ([sql, values]: Query, ofTables = /[ltq]/): string[] =>
  lookAt(dataDir, (database) =>
    database
      .function('unless_stopped', { deterministic: false }, (_again: unknown) => 1)
      .prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
      .all(...values)
      .map(({ detail }) => detail)
      .filter((detail) => new RegExp(`^(?:SCAN|SEARCH) ${ofTables.source}\\b`).test(detail)),
  );

const ALL = Object.keys(USAGE_DIMENSIONS) as UsageDimension[];
const filters: UsageFilter[] = [
  {},
  ...ALL.map((dimension) => ({ [dimension]: ['x'] })),
  { pool: ['x'], endpoint: ['y', 'z'] },
  Object.fromEntries(ALL.map((dimension) => [dimension, ['x']])),
];
const period = { startMs: untilMs - 33 * DAY_MS - 900_000, endMs: untilMs - DAY_MS / 3 };

const TOTALS = 'SEARCH t USING PRIMARY KEY (span_ms=? AND line_id=? AND start_ms>? AND start_ms<?)';
const ROLLUPS = 'SEARCH l USING PRIMARY KEY (quarter_ms>? AND quarter_ms<?)';

describe('records are many, so no statistic reads them all', () => {
  const groups = [
    [],
    ...ALL.map((dimension) => [dimension]),
    ['key', 'model'],
    ALL,
  ] as UsageDimension[][];
  const queries = filters.flatMap((filter): [string, Query][] => {
    const name = JSON.stringify(filter);
    const buckets = [...bucketsOf('daily', 'Europe/Berlin', period)];
    return [
      ...groups.map((dimensions): [string, Query] => [
        `${dimensions.join(',') || 'totals'} ${name}`,
        groupsQuery({ dimensions, filter, count: 9 }, period, coverOf(period)),
      ]),
      [`series ${name}`, bucketsQuery(filter, buckets)],
      [`quarters ${name}`, quartersQuery(filter, period)],
    ];
  });

  test.each(queries)('%s: totals of its lines and of its time', (_name, query) => {
    expect(query[0]).not.toContain('usage_records');
    const reads = readsOf(query);
    expect(reads.filter((read) => read.startsWith('SCAN'))).toEqual([]);
    expect(reads.filter((read) => read === TOTALS)).toHaveLength(1);
    expect(reads.filter((read) => read === ROLLUPS)).toHaveLength(1);
    expect(reads.filter((read) => /usage_lines_unique \(family=\?/.test(read))).toHaveLength(1);
  });

  test.each(filters.map((filter): [string, UsageFilter] => [JSON.stringify(filter), filter]))(
    'calls %s: those between two ids',
    (_name, filter) => {
      const quarter = { quarterMs: untilMs, firstId: 'a', lastId: 'b' };
      const asked = { filter, facts: { outcome: ['settled'], isFailed: false }, period };
      expect(readsOf(callsQuery(asked, quarter, { beforeId: 'b', size: 20 }))).toEqual([
        'SEARCH l USING PRIMARY KEY (id>? AND id<?)',
      ]);
    },
  );

  test.each(['key', 'team', 'user', 'pool'] as const)(
    'the proof of a budget of a %s: those of its quarters, and their corrections',
    async (scope) => {
      const asked: Query[] = [];
      const reader = {
        rows: async (sql: string, values: Query[1]) => {
          asked.push([sql, values]);
          return [];
        },
        close: async () => {},
      };
      await takenIn(reader, { scope, subjectId: 'x', ...period }, { isProved: true });
      expect(asked.flatMap((query) => readsOf(query, /[aqr]/))).toEqual([
        'SEARCH q USING PRIMARY KEY (quarter_ms>? AND quarter_ms<?)',
        'SEARCH r USING PRIMARY KEY (id>? AND id<?)',
        'SEARCH q USING PRIMARY KEY (quarter_ms>? AND quarter_ms<?)',
        'SEARCH a USING INDEX adjustments_request_id_index (request_id>? AND request_id<?)',
        'SEARCH r USING PRIMARY KEY (id=?)',
      ]);
    },
  );
});
