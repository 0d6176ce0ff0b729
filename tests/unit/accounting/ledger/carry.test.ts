import { beforeEach, describe, expect, test } from '@jest/globals';
import type Database from 'better-sqlite3';
import { apply, prepare } from '../../../../src/accounting/ledger/apply.ts';
import type { Statements } from '../../../../src/accounting/ledger/apply.ts';
import { carry } from '../../../../src/accounting/ledger/carry.ts';
import { FAMILIES, SPANS_MS } from '../../../../src/accounting/ledger/rollups.ts';
import { holdRow, recordRow } from '../../../../src/accounting/ledger/rows.ts';
import { verifyLedger } from '../../../../src/accounting/ledger/verify.ts';
import type { HoldDraft } from '../../../../src/entities/call-record.ts';
import { aHold, aRecord, connect, emptyBooks } from '../../../support/ledger-books.ts';

const QUARTER_MS = 900_000;
/** The start of a day and of a span of 32 days. */
const START_MS = 20_448 * 86_400_000;

let database: Database.Database;
let statements: Statements;

beforeEach(async () => {
  database = connect((await emptyBooks()).file);
  statements = prepare(database);
});

function settle(...calls: Partial<HoldDraft>[]): void {
  const holds = calls.map((fields) => aHold(fields));
  const settlements = holds.map((hold) => recordRow(aRecord(hold)));
  database
    .transaction(() =>
      apply(statements, { holds: holds.map((hold) => holdRow(hold, 'test')), settlements }),
    )
    .immediate();
}

const inQuarter = (number: number, fields: Partial<HoldDraft> = {}) => ({
  createdAtMs: START_MS + number * QUARTER_MS + 7,
  ...fields,
});

const count = (sql: string): number => database.prepare<[], number>(sql).pluck().get() ?? 0;
const open = (): number => count('select count(*) from usage_rollups');
const carried = (): number =>
  count(`select coalesce(sum(calls), 0) from usage_totals t join usage_lines l on l.id = t.line_id
    where l.family = 'call' and t.span_ms = ${QUARTER_MS}`);
const findings = (): string[] => verifyLedger(database, false).findings;

describe('roll-ups are carried over', () => {
  test('two quarters later, by whatever commit comes next', () => {
    settle(inQuarter(0), inQuarter(0), inQuarter(1));
    settle(inQuarter(2));
    expect([open(), carried()]).toEqual([3, 0]);
    settle(inQuarter(3));
    expect([open(), carried()]).toEqual([3, 2]);
    settle(inQuarter(9));
    expect([open(), carried()]).toEqual([1, 5]);
    expect(findings()).toEqual([]);
  });

  test('into a line of each family and a total of each span', () => {
    settle(inQuarter(0), inQuarter(1));
    settle(inQuarter(9));
    expect(count('select count(*) from usage_lines')).toBe(FAMILIES.length);
    const spans = database
      .prepare<[], number>('select distinct span_ms from usage_totals order by 1')
      .pluck();
    expect(spans.all()).toEqual([...SPANS_MS]);
    expect(count('select count(*) from usage_totals')).toBe(FAMILIES.length * 4);
  });

  test('a call that is settled late is added to what was carried', () => {
    settle(inQuarter(0));
    settle(inQuarter(9));
    settle(inQuarter(0), inQuarter(1));
    expect(findings()).toEqual([]);
    settle(inQuarter(9));
    expect([open(), carried()]).toEqual([1, 3]);
    expect(findings()).toEqual([]);
  });

  test('a few at a time, the oldest first, but faster than new ones come', () => {
    const many = (number: number, amount: number) =>
      Array.from({ length: amount }, (_, key) => inQuarter(number, { keyId: `key-${key}` }));
    settle(...many(0, 100), ...many(1, 100));
    settle(inQuarter(9));
    // 64, and two for the one that came.
    expect([open(), carried()]).toEqual([201 - 66, 66]);
    expect(count(`select count(*) from usage_rollups where quarter_ms = ${START_MS}`)).toBe(34);
    expect(findings()).toEqual([]);
    settle(...many(9, 40));
    expect(open()).toBe(40);
    expect(findings()).toEqual([]);
  });

  test('in slices of any size they come to the same', () => {
    const calls = Array.from({ length: 60 }, (_, index) =>
      inQuarter(index % 5, {
        keyId: `key-${index % 3}`,
        model: ['m', '"', "'", ''][index % 4] ?? '',
        teamId: index % 2 === 0 ? '' : 'team',
      }),
    );
    settle(...calls);
    expect(open()).toBeGreaterThan(30);
    for (const rowsMax of [1, 2, 3, 7, 1000]) {
      carry(statements.poster.carrier, { beforeMs: START_MS + 5 * QUARTER_MS, rowsMax });
      expect(findings()).toEqual([]);
    }
    expect([open(), carried()]).toEqual([0, 60]);
  });

  test('unless they come to more than 64 bits: they stay, whole, and calls are on record as before', () => {
    settle(inQuarter(0), inQuarter(1));
    database.exec('update usage_rollups set cost_nano = 9223372036854775000');
    settle(inQuarter(9));
    expect([open(), carried()]).toEqual([3, 0]);
    // Also where the total is all that is full.
    database.exec('update usage_rollups set cost_nano = 4500');
    settle(inQuarter(9));
    expect([open(), carried()]).toEqual([1, 2]);
    database.exec('update usage_totals set cost_nano = 9223372036854775000');
    settle(inQuarter(0));
    settle(inQuarter(9));
    expect(open()).toBe(2);
    expect(count(`select count(*) from usage_totals where typeof(cost_nano) <> 'integer'`)).toBe(0);
    expect(count('select count(*) from usage_records')).toBe(6);
  });

  test('and those of a commit that fails are not', () => {
    settle(inQuarter(0));
    const failing = database.transaction(() => {
      carry(statements.poster.carrier, { beforeMs: START_MS + QUARTER_MS, rowsMax: 9 });
      throw new Error('disk full');
    });
    expect(failing).toThrow('disk full');
    expect([open(), carried()]).toEqual([1, 0]);
    settle(inQuarter(9));
    expect([open(), carried()]).toEqual([1, 1]);
    expect(findings()).toEqual([]);
  });
});

test('the ids of a quarter lie between the first and the last, in whatever order they came', () => {
  settle(inQuarter(0, { id: 'b' }), inQuarter(1, { id: 'x' }));
  settle(inQuarter(0, { id: 'c' }), inQuarter(0, { id: 'a' }));
  expect(database.prepare('select * from usage_quarters order by 1').all()).toEqual([
    { quarter_ms: START_MS, first_id: 'a', last_id: 'c' },
    { quarter_ms: START_MS + QUARTER_MS, first_id: 'x', last_id: 'x' },
  ]);
});

const totalOf = (family: string, spanMs: number) =>
  `span_ms = ${spanMs} and line_id in (select id from usage_lines where family = '${family}')`;

describe('verification finds', () => {
  beforeEach(() => {
    settle(inQuarter(0), inQuarter(1, { keyId: 'key-2' }));
    settle(inQuarter(9));
  });

  test.each(
    FAMILIES.flatMap((family) =>
      SPANS_MS.map((spanMs): [string, string] => [family, totalOf(family, spanMs)]),
    ),
  )('a wrong total of %s (%#)', (family, which) => {
    database.exec(`update usage_totals set input = input + 1 where ${which}`);
    const found = findings().join('\n');
    expect(found).toMatch(
      family === 'call' && which.startsWith(`span_ms = ${QUARTER_MS} `)
        ? /a roll-up that its records do not sum to/
        : new RegExp(`a total that its parts do not sum to: .*, ${family} `),
    );
  });

  test.each([
    [
      'a lost total',
      `delete from usage_totals where span_ms > ${QUARTER_MS}`,
      /a total that its parts/,
    ],
    [
      'a lost line',
      `delete from usage_lines where family = 'model'`,
      /totals of a line that is not/,
    ],
    [
      'a negative total',
      'update usage_totals set calls = -1',
      /totals with a negative or impossible/,
    ],
    ['lost ids', 'delete from usage_quarters', /3 records beyond the ids of their quarter/],
    ['wrong ids', `update usage_quarters set last_id = ''`, /3 records beyond the ids/],
  ])('%s', (_name, damage, finding) => {
    expect(findings()).toEqual([]);
    database.exec(damage);
    expect(findings().join('\n')).toMatch(finding);
  });
});
