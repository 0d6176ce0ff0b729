import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { adjust } from '../../../src/accounting/ledger/adjust.ts';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { rebuildRollups } from '../../../src/accounting/ledger/rebuild.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import { ROLLED_UP } from '../../../src/accounting/ledger/totals.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { openDatabase } from '../../../src/database.ts';
import type { OpenDatabase } from '../../../src/database.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { aHold, aRecord, emptyBooks } from '../../support/ledger-books.ts';

const QUARTER_MS = 900_000;
const CALLS = 12;
const USAGE_TABLES = ['usage_rollups', 'usage_totals', 'usage_lines', 'usage_quarters'];
const LEDGER_TABLES = ['usage_records', 'adjustments', 'spend_rollups', ...USAGE_TABLES];
const FACTS = { reason: 'operator', actor: 'cli', note: null, atMs: 0 } as const;

let books: OpenDatabase;
let database: ReturnType<typeof openSqlite>;

beforeAll(async () => {
  books = await openDatabase((await emptyBooks()).dataDir);
  database = openSqlite(books.file);
});

afterAll(async () => {
  database.close();
  await books.orm.close();
});

const idOf = (call: number) => `call-${String(call).padStart(2, '0')}`;

function settle(call: number, costNano: bigint): void {
  const hold = aHold({
    id: idOf(call),
    // Few groups, so that calls share them; a model name may hold anything.
    keyId: `key-${call % 2}`,
    userId: call % 4 === 0 ? '' : `user-${call % 3}`,
    teamId: call % 3 === 0 ? '' : 'team-1',
    model: ['gpt-4o', '"', "'a'", ''][call % 4] ?? '',
    createdAtMs: 1_767_225_600_000 + (call % 6) * QUARTER_MS + call,
  });
  const settlement = recordRow(aRecord(hold, { costNano, credentialId: `c-${call % 2}` }));
  const batch = { holds: [holdRow(hold, 'test')], settlements: [settlement] };
  database.transaction(() => apply(prepare(database), batch)).immediate();
}

/** Some of these calls are on record by then, and some are not. */
const correct = (calls: readonly number[], costNano: bigint) =>
  books.orm.em.fork().transactional((tx) =>
    adjust(tx, calls.map(idOf), FACTS, ({ costNano: now }) =>
      // Left alone, as it is, or another cost.
      now % 5n === 0n ? null : { costNano: now % 3n === 0n ? now : costNano, priceId: '' },
    ),
  );

const rows = (table: string) => database.prepare(`select * from ${table} order by 1, 2, 3`).all();
/** Sums by quarters of an hour, wherever they are kept, and where the records of each are. */
const sums = () => [
  database.prepare(ROLLED_UP).all(),
  rows('spend_rollups'),
  rows('usage_quarters'),
];

const call = fc.nat(CALLS - 1);
const cost = fc.bigInt({ min: 0n, max: 10n ** 16n });
const step = fc.oneof(
  fc.record({ calls: fc.tuple(call), cost, isCorrection: fc.constant(false) }),
  fc.record({ calls: fc.uniqueArray(call), cost, isCorrection: fc.constant(true) }),
);

test('in any order they sum up, and made anew they are the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
      for (const table of LEDGER_TABLES) database.exec(`delete from ${table}`);
      const costs = new Map<number, bigint>();
      for (const { calls, cost: nano, isCorrection } of steps) {
        if (!isCorrection) {
          const [settled] = calls;
          if (settled === undefined || costs.has(settled)) continue;
          settle(settled, nano);
          costs.set(settled, nano);
          continue;
        }
        await correct(calls, nano);
        for (const one of calls) {
          const now = costs.get(one);
          if (now !== undefined && now % 5n !== 0n && now % 3n !== 0n) costs.set(one, nano);
        }
      }
      const { costNano, findings } = verifyLedger(database, false);
      expect(findings).toEqual([]);
      expect(costNano).toBe([...costs.values()].reduce((sum, nano) => sum + nano, 0n));

      const before = sums();
      for (const table of USAGE_TABLES) database.exec(`delete from ${table}`);
      database.exec(`update spend_rollups set cost_nano = 7`);
      const rebuilt = await books.orm.em.fork().transactional(rebuildRollups);
      expect(sums()).toEqual(before);
      expect(verifyLedger(database, false).findings).toEqual([]);
      expect([rebuilt.usage, rebuilt.spend]).toEqual(
        before.slice(0, 2).map(({ length }) => length),
      );
    }),
    { numRuns: 40 },
  );
});

test('a correction that cannot be changes nothing at all', async () => {
  for (const table of LEDGER_TABLES) database.exec(`delete from ${table}`);
  settle(1, 1000n);
  settle(2, 1000n);
  const impossible = books.orm.em.fork().transactional((tx) =>
    adjust(tx, [idOf(1), idOf(2)], FACTS, ({ id }) => ({
      costNano: id === idOf(1) ? 500n : -1n,
      priceId: '',
    })),
  );
  await expect(impossible).rejects.toThrow('not a cost of a call: -1');
  expect(rows('adjustments')).toEqual([]);
  expect(verifyLedger(database, false)).toMatchObject({ findings: [], costNano: 2000n });
});
