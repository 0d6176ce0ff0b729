import { beforeAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import {
  apply,
  applyEach,
  isFaultOfRow,
  prepare,
} from '../../../../src/accounting/ledger/apply.ts';
import type { Statements } from '../../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow } from '../../../../src/accounting/ledger/rows.ts';
import type { Cell } from '../../../../src/accounting/ledger/rows.ts';
import { verifyLedger } from '../../../../src/accounting/ledger/verify.ts';
import type { HoldDraft } from '../../../../src/entities/call-record.ts';
import { aHold, aRecord, connect, emptyBooks } from '../../../support/ledger-books.ts';

const HOUR_MS = 3_600_000;

let schema: Buffer;

beforeAll(async () => {
  const database = connect((await emptyBooks()).file);
  // A database in memory has no log beside it.
  database.pragma('journal_mode = delete');
  schema = database.serialize();
});

/** The ledger's tables as the migrations make them, in memory. */
function inMemory(): { database: Database.Database; statements: Statements } {
  const database = new Database(schema);
  return { database, statements: prepare(database) };
}

const holdsOf = (...holds: HoldDraft[]) => holds.map((hold) => holdRow(hold, 'test'));

const texts = (database: Database.Database, sql: string): string[] =>
  database.prepare<[], string>(sql).pluck().all();

/** A step is a hold or a settlement of one of a few calls, repeats and strays included. */
const step = fc.record({
  isHold: fc.boolean(),
  call: fc.nat(11),
  cost: fc.bigInt({ min: 0n, max: 10n ** 16n }),
  tokens: fc.nat(),
});
const batches = fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 12 });

const aCall = (call: number) =>
  aHold({
    id: `call-${String(call).padStart(2, '0')}`,
    // Few groups, so that calls share them; a model name may hold anything, separators included.
    keyId: `key-${call % 2}`,
    teamId: call % 3 === 0 ? '' : 'team-1',
    model: ['gpt-4o', 'a|b', 'a', '"'][call % 4] ?? '',
    createdAtMs: 1_767_225_600_000 + (call % 3) * HOUR_MS + call,
  });

test('in any order and grouping: each hold resolves at most once, roll-ups are the sum of records', () => {
  fc.assert(
    fc.property(batches, (all) => {
      const { database, statements } = inMemory();
      const held = new Set<string>();
      const open = new Set<string>();
      const recorded = new Map<string, bigint>();
      for (const batch of all) {
        const holds: Cell[][] = [];
        const settlements: Cell[][] = [];
        let [repeats, strays] = [0, 0];
        for (const { isHold, call } of batch.filter((one) => one.isHold)) {
          const hold = aCall(call);
          if (!isHold || held.has(hold.id)) continue;
          held.add(hold.id);
          open.add(hold.id);
          holds.push(holdRow(hold, 'test'));
        }
        for (const { call, cost, tokens } of batch.filter((one) => !one.isHold)) {
          const hold = aCall(call);
          const credentialId = call % 5 === 0 ? '' : `b|credential-${call % 2}`;
          const usage = { ...aRecord(hold).usage, input: tokens };
          settlements.push(recordRow(aRecord(hold, { costNano: cost, credentialId, usage })));
          if (open.delete(hold.id)) recorded.set(hold.id, cost);
          else if (recorded.has(hold.id)) repeats += 1;
          else strays += 1;
        }
        const applied = database.transaction(() => apply(statements, { holds, settlements }))();
        expect(applied.repeats).toBe(repeats);
        expect(applied.strays).toHaveLength(strays);
      }
      expect(texts(database, 'select id from holds order by id')).toEqual([...open].toSorted());
      const costs = texts(
        database,
        `select id || ' ' || cast(cost_nano as text) from usage_records order by id`,
      );
      expect(costs).toEqual([...recorded].map(([id, cost]) => `${id} ${cost}`).toSorted());
      const { costNano, findings } = verifyLedger(database, true);
      expect(findings).toEqual([]);
      expect(costNano).toBe([...recorded.values()].reduce((sum, cost) => sum + cost, 0n));
    }),
    { numRuns: 200 },
  );
});

test('money beyond 2^53 is stored and summed to the nano-dollar', () => {
  const { database, statements } = inMemory();
  const amount = 2n ** 53n + 1n;
  const holds = [aHold({ amountNano: amount }), aHold({ amountNano: amount })];
  const records = holds.map((hold) => aRecord(hold, { costNano: amount, holdNano: amount }));
  apply(statements, { holds: holdsOf(...holds), settlements: [] });
  expect(texts(database, 'select cast(amount_nano as text) from holds')).toEqual([
    String(amount),
    String(amount),
  ]);
  apply(statements, { holds: [], settlements: records.map(recordRow) });
  expect(texts(database, 'select cast(cost_nano as text) from usage_rollups')).toEqual([
    String(2n * amount),
  ]);
  expect(texts(database, 'select cast(hold_nano as text) from usage_records')[0]).toBe(
    String(amount),
  );
});

test('model names that look like a separator do not mix the groups', () => {
  const { database, statements } = inMemory();
  const [plain, sly] = [aHold({ model: 'm' }), aHold({ model: 'm|credential-1' })];
  apply(statements, {
    holds: holdsOf(plain, sly),
    settlements: [
      recordRow(aRecord(plain, { credentialId: 'credential-1|' })),
      recordRow(aRecord(sly, { credentialId: '' })),
    ],
  });
  expect(verifyLedger(database, true).findings).toEqual([]);
});

describe('a row that no store would take', () => {
  const faults: [string, Partial<ReturnType<typeof aRecord>>][] = [
    ['a status that is no number', { status: Number.NaN }],
    ['a negative cost', { costNano: -1n }],
    ['a cost beyond ten million dollars', { costNano: 10n ** 16n + 1n }],
    ['a cost beyond 64 bits', { costNano: 2n ** 64n }],
    ['a missing outcome', { outcome: null as never }],
  ];

  test.each(faults)('%s is refused by itself, and its hold stays', (_name, fields) => {
    const { database, statements } = inMemory();
    const [bad, good, next] = [aHold(), aHold(), aHold()];
    apply(statements, { holds: holdsOf(bad, good), settlements: [] });
    const batch = {
      holds: holdsOf(next),
      settlements: [recordRow(aRecord(bad, fields)), recordRow(aRecord(good))],
    };
    const together = database.transaction(() => apply(statements, batch));
    let thrown: unknown;
    try {
      together();
    } catch (error) {
      thrown = error;
    }
    expect(isFaultOfRow(thrown)).toBe(true);
    expect(texts(database, 'select id from usage_records')).toEqual([]);

    const applied = database.transaction(() => applyEach(database, statements, batch))();
    expect(applied.refusedSettlements.map(({ id }) => id)).toEqual([bad.id]);
    expect(applied.refusedHolds).toEqual([]);
    expect(texts(database, 'select id from usage_records')).toEqual([good.id]);
    expect(texts(database, 'select id from holds order by id')).toEqual([bad.id, next.id]);
    expect(verifyLedger(database, true).findings).toEqual([]);
  });

  test('one that takes a sum beyond 64 bits is refused by itself; sums stay whole numbers', () => {
    const { database, statements } = inMemory();
    const [full, bad, other] = [aHold(), aHold(), aHold({ keyId: 'other', poolId: 'other' })];
    apply(statements, {
      holds: holdsOf(full, bad, other),
      settlements: [recordRow(aRecord(full))],
    });
    for (const table of ['usage_rollups', 'spend_rollups']) {
      database.exec(`update ${table} set cost_nano = 9223372036854775807`);
    }
    const batch = { holds: [], settlements: [bad, other].map((hold) => recordRow(aRecord(hold))) };
    expect(() => database.transaction(() => apply(statements, batch))()).toThrow(
      'integer overflow',
    );
    const applied = database.transaction(() => applyEach(database, statements, batch))();
    expect(applied.refusedSettlements.map(({ id }) => id)).toEqual([bad.id]);
    expect(texts(database, 'select id from holds')).toEqual([bad.id]);
    for (const table of ['usage_rollups', 'spend_rollups']) {
      const sql = `select distinct typeof(cost_nano) from ${table}`;
      expect(texts(database, sql)).toEqual(['integer']);
    }
  });

  test('a fault of the store is not taken for one of a row', () => {
    const { database, statements } = inMemory();
    const hold = aHold();
    apply(statements, { holds: holdsOf(hold), settlements: [] });
    database.exec('drop table usage_records');
    const batch = { holds: [], settlements: [recordRow(aRecord(hold))] };
    expect(() => applyEach(database, statements, batch)).toThrow('no such table');
    expect(isFaultOfRow(new Error('disk I/O error'))).toBe(false);
  });
});
