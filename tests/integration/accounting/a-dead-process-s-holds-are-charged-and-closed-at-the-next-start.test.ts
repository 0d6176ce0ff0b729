import { expect, test } from '@jest/globals';
import type { Database } from 'better-sqlite3';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { recoverHolds } from '../../../src/accounting/ledger/recover.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import type { HoldDraft } from '../../../src/entities/call-record.ts';
import { startGateway } from '../../support/gateway.ts';
import { aHold, aRecord, connect, emptyBooks } from '../../support/ledger-books.ts';

/** The next amount after the last that a double can tell from its neighbours. */
const BEYOND_DOUBLES = 9_007_199_254_740_993n;

function leaveOpen(database: Database, ...holds: HoldDraft[]): void {
  apply(prepare(database), {
    holds: holds.map((hold) => holdRow(hold, 'a-dead-server')),
    settlements: [],
  });
}

const eventsOf = (database: Database, type: string) =>
  database
    .prepare<[string], { subject: string; after: string }>(
      'select subject, after from events where type = ? order by seq',
    )
    .all(type)
    .map(({ subject, after }) => ({ subject, after: JSON.parse(after) as unknown }));

test('each becomes one record charged at its hold, with one event, and only once', async () => {
  const { dataDir, file } = await emptyBooks();
  const database = connect(file);
  const cheap = aHold();
  const dear = aHold({ amountNano: BEYOND_DOUBLES, model: '', keyId: 'key-2' });
  leaveOpen(database, cheap, dear);

  const gateway = await startGateway({ dataDir });
  const records = await gateway.records();
  expect(
    records.map(({ id, outcome, reason, costNano, holdNano }) => [
      id,
      outcome,
      reason,
      costNano,
      holdNano,
    ]),
  ).toEqual([
    [cheap.id, 'unknown', 'process_died', 5000n, 5000n],
    [dear.id, 'unknown', 'process_died', BEYOND_DOUBLES, BEYOND_DOUBLES],
  ]);
  expect(database.prepare('select id from holds').all()).toEqual([]);
  const charged = [
    { subject: cheap.id, after: { owner: 'a-dead-server', charged: '0.000005' } },
    { subject: dear.id, after: { owner: 'a-dead-server', charged: '9007199.254740993' } },
  ];
  expect(eventsOf(database, 'hold.recovered')).toEqual(charged);

  expect(recoverHolds(database, 0)).toBe(0);
  expect(eventsOf(database, 'hold.recovered')).toEqual(charged);
  // The gateway that took over serves, and its own calls are nobody's orphans.
  expect((await gateway.chat()).status).toBe(200);
  expect((await gateway.records()).map(({ outcome }) => outcome)).toEqual([
    'unknown',
    'unknown',
    'settled',
  ]);
});

test('a hold whose call is on record, which only damage can leave, is dropped and not charged', async () => {
  const { file } = await emptyBooks();
  const database = connect(file);
  const hold = aHold();
  leaveOpen(database, hold);
  apply(prepare(database), { holds: [], settlements: [recordRow(aRecord(hold))] });
  leaveOpen(database, hold);
  expect(recoverHolds(database, 1)).toBe(1);
  expect(database.prepare('select id from holds').all()).toEqual([]);
  expect(database.prepare('select outcome, cost_nano from usage_records').all()).toEqual([
    { outcome: 'settled', cost_nano: 4500 },
  ]);
  expect(eventsOf(database, 'hold.dropped')).toEqual([
    { subject: hold.id, after: { owner: 'a-dead-server', charged: '0.00' } },
  ]);
  expect(eventsOf(database, 'hold.recovered')).toEqual([]);
});
