import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { MikroORM } from '@mikro-orm/sqlite';
import { ormConfig } from '../../../mikro-orm.config.ts';
import { ROLLUPS, ENTRIES } from '../../../src/accounting/ledger/entries.ts';
import { RECORD_COLUMNS, recordRow } from '../../../src/accounting/ledger/rows.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { openDatabase } from '../../../src/database.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { CLI } from '../../../src/services/actor.ts';
import { localReader } from '../../../src/services/reader/local-reader.ts';
import { StatsService } from '../../../src/services/stats.ts';
import { aHold, aRecord, connect } from '../../support/ledger-books.ts';
import { temporaryDirectory } from '../../support/server-process.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);

/** A database as it was before there were totals, with calls of some days. */
async function olderBooks(): Promise<string> {
  const dataDir = await temporaryDirectory();
  const file = join(dataDir, 'tollgate.db');
  const orm = await MikroORM.init(ormConfig(file));
  await orm.migrator.up({ to: '0004-adjustments' });
  await orm.close();
  const database = connect(file);
  const marks = RECORD_COLUMNS.map(() => '?').join(', ');
  const insert = database.prepare(
    `insert into usage_records (${RECORD_COLUMNS.join(', ')}) values (${marks})`,
  );
  for (let call = 0; call < 200; call += 1) {
    const hold = aHold({
      keyId: `key-${call % 3}`,
      teamId: call % 2 === 0 ? '' : 'team-1',
      model: ['gpt-4o', "'", ''][call % 3] ?? '',
      createdAtMs: START_MS + call * HOUR_MS * 7,
    });
    insert.run(...recordRow(aRecord(hold, { costNano: BigInt(call) * 1000n })));
  }
  database.exec(`
    insert into adjustments (id, request_id, at_ms, delta_nano, reason, actor, price_id)
      select 'a' || id, id, 0, -400, 'operator', 'cli', '' from usage_records
      where cost_nano > 1000 limit 5;
    insert into usage_rollups select started_at_ms - started_at_ms % ${HOUR_MS}, key_id, model,
      credential_id, input, 0, 0, output, 0, 0, 0, 0, 0, 0, 0, 1, cost_nano from usage_records`);
  const { keys, sums, table, from } = ROLLUPS.spend;
  database.exec(`insert into ${table} (${[...keys, ...sums].join(', ')}) ${from(ENTRIES)}`);
  return dataDir;
}

test('their records and adjustments are summed up by the migration', async () => {
  const dataDir = await olderBooks();
  const { orm, file } = await openDatabase(dataDir);
  const reader = localReader(file);
  try {
    const { adjustments, findings } = verifyLedger(connect(file), false);
    expect({ adjustments, findings }).toEqual({ adjustments: 5, findings: [] });
    const stats = new StatsService({ reader, clock: systemClock });
    expect(await stats.totals(CLI)).toMatchObject({
      calls: 200,
      costNano: 1000n * 199n * 100n - 2000n,
      adjustedNano: -2000n,
    });
    const keys = await stats.by(CLI, ['key'], { fromMs: START_MS + 3 * 7 * HOUR_MS });
    expect(Object.fromEntries(keys.map(({ of, calls }) => [of.key, calls]))).toEqual({
      'key-0': 66,
      'key-1': 66,
      'key-2': 65,
    });
    expect(await stats.recent(CLI, { count: 3 })).toMatchObject([
      { costNano: 199_000n },
      { costNano: 198_000n },
      { costNano: 197_000n },
    ]);
  } finally {
    await reader.close();
    await orm.close();
  }
});
