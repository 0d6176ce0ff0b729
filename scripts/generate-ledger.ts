/**
 * Writes synthetic books, to try out how the product does with many records: `npm run generate:ledger
 * -- --data-dir DIR`. The same seed and end give the same calls. The product's own migrations make
 * the directory, and its own statements the roll-ups: `tollgate ledger verify` has nothing to find.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Database } from 'better-sqlite3';
import { prepare } from '../src/accounting/ledger/apply.ts';
import type { Statements } from '../src/accounting/ledger/apply.ts';
import { post } from '../src/accounting/ledger/post.ts';
import { recordRow } from '../src/accounting/ledger/rows.ts';
import type { Cell } from '../src/accounting/ledger/rows.ts';
import { loadConfig } from '../src/config/load.ts';
import { loadSecrets } from '../src/config/secrets.ts';
import { Sealer } from '../src/lib/seal.ts';
import { openSqlite } from '../src/lib/sqlite.ts';
import { makeCall } from './ledger/calls.ts';
import { Chance, type Urn } from './ledger/chance.ts';
import { type HouseKey, makeHouse } from './ledger/house.ts';

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const QUARTERS_PER_DAY = DAY_MS / QUARTER_MS;
const CACHE_KB = 1_000_000;

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    records: { type: 'string', default: '10000000' },
    days: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    /** The books end at this time, the next quarter of an hour of now unless given. */
    until: { type: 'string' },
  },
});

const dataDir = values['data-dir'];
const records = Number(values.records);
const days = Number(values.days);
const seed = Number(values.seed);
const untilMs =
  Math.ceil((values.until === undefined ? Date.now() : Date.parse(values.until)) / QUARTER_MS) *
  QUARTER_MS;
const isCount = (number: number) => Number.isSafeInteger(number) && number >= 1;
const mistakes = [
  ...(dataDir === undefined ? ['--data-dir: is missing'] : []),
  ...(isCount(records) ? [] : ['--records: must be a whole number from 1']),
  ...(isCount(days) ? [] : ['--days: must be a whole number from 1']),
  ...(Number.isSafeInteger(seed) ? [] : ['--seed: must be a whole number']),
  ...(Number.isNaN(untilMs) ? ['--until: must be a time such as 2026-04-01T00:00:00Z'] : []),
];
if (dataDir === undefined || mistakes.length > 0) fail(mistakes);

const tollgate = join(import.meta.dirname, '../bin/tollgate.js');
execFileSync(process.execPath, [tollgate, 'list-keys', '--data-dir', dataDir]);
const database = openSqlite(join(dataDir, 'tollgate.db'));
const isUsed = database
  .prepare(
    'select 1 from usage_records union all select 1 from pools union all select 1 from holds',
  )
  .get();
if (isUsed !== undefined) fail([`${dataDir} is in use: give a directory without records or pools`]);

const config = loadConfig({ overrides: { TOLLGATE_DATA_DIR: dataDir } });
const sealer = new Sealer(new Map([['k1', loadSecrets(config).masterKey]]), 'k1');
const startedMs = performance.now();
// Whoever breaks this off begins anew: what is half written need not survive a power cut.
database.pragma('synchronous = OFF');
database.pragma(`cache_size = -${CACHE_KB}`);
const chance = new Chance(seed);
const bornMs = untilMs - (days + 1) * DAY_MS;
const keys = database.transaction(() => makeHouse(database, chance, { sealer, bornMs }))();
writeCalls(database, prepare(database), keys);
database.pragma('wal_checkpoint(truncate)');
database.close();
console.log(`${records} records in ${seconds()} s`);

/** A day in each transaction, and as many calls in all as were asked for. */
function writeCalls(books: Database, { record, poster }: Statements, house: Urn<HouseKey>): void {
  const quarters = Array.from(
    { length: days * QUARTERS_PER_DAY },
    (_, index) => untilMs - days * DAY_MS + index * QUARTER_MS,
  );
  let weight = quarters.reduce((sum, quarterMs) => sum + activity(quarterMs), 0);
  let open = records;
  const writeDay = books.transaction((from: number) => {
    const rows = quarters.slice(from, from + QUARTERS_PER_DAY).flatMap((quarterMs) => {
      const count = Math.round((open * activity(quarterMs)) / weight);
      weight -= activity(quarterMs);
      open -= count;
      return callsOf(quarterMs, count, house);
    });
    for (const row of rows) record.run(...row);
    post(poster, rows);
  });
  for (let from = 0; from < quarters.length; from += QUARTERS_PER_DAY) {
    writeDay(from);
    process.stderr.write(`\r${records - open} of ${records} records, ${seconds()} s `);
  }
  process.stderr.write('\n');
}

function callsOf(quarterMs: number, count: number, house: Urn<HouseKey>): Cell[][] {
  const times = Array.from({ length: count }, () => chance.whole(0, QUARTER_MS - 1));
  return times
    .toSorted((left, right) => left - right)
    .map((time) => recordRow(makeCall(house, chance, quarterMs + time)));
}

/** People work by day and on weekdays. */
function activity(atMs: number): number {
  const hour = (atMs % DAY_MS) / HOUR_MS;
  const isWeekend = [0, 6].includes(new Date(atMs).getUTCDay());
  return (1 + 0.8 * Math.sin(((hour - 8) / 24) * 2 * Math.PI)) * (isWeekend ? 0.35 : 1);
}

function seconds(): number {
  return Math.round((performance.now() - startedMs) / 1000);
}

function fail(texts: readonly string[]): never {
  for (const text of texts) console.error(text);
  process.exit(1);
}
