import { expect, test } from '@jest/globals';
import { adjust } from '../../../src/accounting/ledger/adjust.ts';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { openDatabase } from '../../../src/database.ts';
import { aHold, aRecord, connect, emptyBooks } from '../../support/ledger-books.ts';
import { runCommand } from '../../support/server-process.ts';

const HOUR_MS = 3_600_000;
const CALLS = 12;

const FACTS = { actor: 'cli', note: null, atMs: 0 };

/**
 * Books of several hours, keys and models, two calls of which were corrected; each amount is
 * different, so that no two sums agree by chance.
 */
async function soundBooks() {
  const { dataDir, file } = await emptyBooks();
  const database = connect(file);
  const holds = Array.from({ length: CALLS }, (_, index) =>
    aHold({
      keyId: `key-${index % 2}`,
      model: index % 3 === 0 ? 'gpt-4o' : 'gpt-4o-mini',
      createdAtMs: 1_767_225_600_000 + (index % 4) * HOUR_MS,
    }),
  );
  apply(prepare(database), {
    holds: holds.map((hold) => holdRow(hold, 'test')),
    settlements: holds.map((hold, index) =>
      recordRow(aRecord(hold, { costNano: 1000n + 2n ** BigInt(index) })),
    ),
  });
  const [, repriced = '', lost = ''] = holds.map(({ id }) => id);
  const { orm } = await openDatabase(dataDir);
  await orm.em.fork().transactional(async (tx) => {
    await adjust(tx, [repriced], { ...FACTS, reason: 'reprice' }, ({ costNano }) => ({
      costNano: costNano + 500n,
      priceId: 'price-2',
    }));
    const correction = { costNano: 0n, priceId: '' };
    await adjust(tx, [lost], { ...FACTS, reason: 'operator' }, () => correction);
  });
  await orm.close();
  return { dataDir, database };
}

const verify = (dataDir: string) =>
  runCommand(['ledger', 'verify'], { TOLLGATE_DATA_DIR: dataDir });

test('sound books balance: exit code 0', async () => {
  const { dataDir } = await soundBooks();
  const { code, stdout } = await verify(dataDir);
  expect(stdout).toContain('The books balance.');
  expect(stdout).toMatch(/Records +12\n/);
  expect(stdout).toMatch(/Charged +\$0\.000015591\n/);
  expect(stdout).toMatch(/Adjusted +-\$0\.000000504 of it, by 2 entries\n/);
  expect(code).toBe(0);
});

const first = '(select min(id) from usage_records)';
const rollup =
  '(quarter_ms, key_id, model, credential_id) = ' +
  '(select quarter_ms, key_id, model, credential_id from usage_rollups order by 1, 2, 3, 4 limit 1)';
const spend =
  '(scope, subject_id, quarter_ms) = ' +
  '(select scope, subject_id, quarter_ms from spend_rollups order by 1, 2, 3 limit 1)';
const entry = '(select min(id) from adjustments)';
const damages: [string, string, RegExp][] = [
  [
    'a cost one nano-dollar higher',
    `update usage_records set cost_nano = cost_nano + 1 where id = ${first}`,
    /records without an equal roll-up/,
  ],
  [
    'tokens moved from input to output',
    `update usage_records set input = input - 1, output = output + 1 where id = ${first}`,
    /records without an equal roll-up/,
  ],
  [
    'a record given to another key',
    `update usage_records set key_id = 'key-9' where id = ${first}`,
    /key key-9/,
  ],
  [
    'a deleted record',
    `delete from usage_records where id = ${first}`,
    /a roll-up that its records do not sum to/,
  ],
  ['all records deleted', 'delete from usage_records', /a roll-up that its records do not sum to/],
  [
    'a hold of a settled call',
    `insert into holds select id, 'x', key_id, pool_id, endpoint, model, 1, 0, 0, user_id, team_id from usage_records where id = ${first}`,
    /1 holds that were settled already/,
  ],
  [
    'a hold nobody will settle',
    `insert into holds values ('lost', 'x', 'k', 'p', 'e', 'm', 1, 0, 0, '', '')`,
    /1 holds are open although no server runs/,
  ],
  [
    'a roll-up that tells more',
    `update usage_rollups set cost_nano = cost_nano + 1 where ${rollup}`,
    /a roll-up that its records do not sum to/,
  ],
  [
    'a roll-up that counts a call less',
    `update usage_rollups set calls = calls - 1 where ${rollup}`,
    /a roll-up that its records do not sum to/,
  ],
  ['a deleted roll-up', `delete from usage_rollups where ${rollup}`, /records without an equal/],
  [
    'a roll-up of an impossible hour',
    `update usage_rollups set quarter_ms = 9223372036854775807 where ${rollup}`,
    /a roll-up that its records do not sum to/,
  ],
  [
    'a spend roll-up that tells more',
    `update spend_rollups set cost_nano = cost_nano + 1 where ${spend}`,
    /a spend roll-up that its records do not sum to: key key-0, quarter 2026-01-01T00:00:00/,
  ],
  [
    'a spend roll-up that counts a call less',
    `update spend_rollups set calls = calls - 1 where ${spend}`,
    /records that a spend roll-up lacks: key key-0/,
  ],
  [
    'a deleted spend roll-up',
    `delete from spend_rollups where ${spend}`,
    /records that a spend roll-up lacks: key key-0/,
  ],
  [
    'a spend roll-up of somebody who spent nothing',
    `insert into spend_rollups values ('user', 'nobody', 0, 1, 1)`,
    /a spend roll-up that its records do not sum to: user nobody, quarter 1970/,
  ],
  [
    'a negative spend roll-up',
    `update spend_rollups set cost_nano = -cost_nano where ${spend}`,
    /1 spend roll-ups with a negative or impossible amount/,
  ],
  [
    'an adjustment of another amount',
    `update adjustments set delta_nano = delta_nano + 1 where id = ${entry}`,
    /records without an equal roll-up/,
  ],
  [
    'an adjustment that budgets do not know of',
    `update adjustments set delta_nano = delta_nano + 1 where id = ${entry}`,
    /records that a spend roll-up lacks/,
  ],
  [
    'a deleted adjustment',
    `delete from adjustments where id = ${entry}`,
    /a roll-up that its records do not sum to/,
  ],
  [
    'an adjustment that was copied',
    `insert into adjustments select 'copy', request_id, at_ms, delta_nano, reason, actor, price_id, note
     from adjustments where id = ${entry}`,
    /a spend roll-up that its records do not sum to/,
  ],
  [
    'an adjustment moved to another call',
    `update adjustments set request_id = ${first} where id = ${entry}`,
    /records without an equal roll-up/,
  ],
  [
    'an adjustment of a call that there is not',
    `insert into adjustments values ('stray', 'nothing', 0, 1, 'operator', 'cli', '', null)`,
    /1 adjustments of a call that is not on record/,
  ],
  [
    'an adjustment that takes more than its call cost, as its roll-ups do',
    `insert into adjustments values ('greedy', ${first}, 0, -1002, 'operator', 'cli', '', null);
     update usage_rollups set cost_nano = cost_nano - 1002 where ${rollup};
     update spend_rollups set cost_nano = cost_nano - 1002 where ${spend}`,
    /1 records whose adjustments take more than they cost/,
  ],
  [
    'an adjustment of nothing',
    `update adjustments set delta_nano = 0 where id = ${entry}`,
    /1 adjustments with an impossible amount/,
  ],
  [
    'an adjustment that is text',
    `update adjustments set delta_nano = 'much' where id = ${entry}`,
    /1 adjustments with an impossible amount/,
  ],
  [
    'adjustments beyond all sums',
    `update adjustments set delta_nano = 9223372036854775807`,
    /amounts that cannot be summed/,
  ],
  [
    'an adjustment for no reason',
    `update adjustments set reason = 'mood' where id = ${entry}`,
    /1 adjustments without a known reason/,
  ],
  [
    'a negative cost that its roll-up repeats',
    `update usage_records set cost_nano = -5 where id = ${first};
     update usage_rollups set cost_nano = cost_nano - 1000 where ${rollup}`,
    /1 records with a negative or impossible amount/,
  ],
  [
    'a negative hold',
    `insert into holds values ('lost', 'x', 'k', 'p', 'e', 'm', -1, 0, 0, '', '')`,
    /1 holds with a negative or impossible amount/,
  ],
  [
    'amounts beyond all sums',
    `update usage_records set cost_nano = 9223372036854775807`,
    /amounts that cannot be summed/,
  ],
  [
    'an amount that is text',
    `update usage_records set cost_nano = 'much' where id = ${first}`,
    /1 records with a negative or impossible amount/,
  ],
  [
    'a voided call that was charged',
    `update usage_records set outcome = 'voided' where id = ${first}`,
    /1 voided records that were charged/,
  ],
  [
    'a lost call that was not charged at its hold',
    `update usage_records set outcome = 'unknown' where id = ${first}`,
    /1 records of lost calls that were not charged at their hold/,
  ],
  [
    'an outcome that is none',
    `update usage_records set outcome = 'open' where id = ${first}`,
    /1 records without a known outcome/,
  ],
];

test.each(damages)('%s is found', async (_name, sql, finding) => {
  const { database } = await soundBooks();
  expect(verifyLedger(database, false).findings).toEqual([]);
  database.exec(sql);
  expect(verifyLedger(database, false).findings.join('\n')).toMatch(finding);
});

test('a file whose index lost rows is found', async () => {
  const { database } = await soundBooks();
  database.exec('create index by_status on usage_records (status)');
  // The index now claims to be of another column than the one it was filled with.
  database.unsafeMode(true);
  database.pragma('writable_schema = on');
  database.exec(
    `update sqlite_master set sql = replace(sql, '(status)', '(duration_ms)') where name = 'by_status'`,
  );
  database.pragma('writable_schema = reset');
  expect(verifyLedger(database, false).findings.join('\n')).toMatch(/the file is damaged: /);
});

test('the command tells what it found and exits with 1', async () => {
  const { dataDir, database } = await soundBooks();
  for (const [, sql] of damages.slice(0, 2)) database.exec(sql);
  database.exec(`insert into holds values ('lost', 'x', 'k', 'p', 'e', 'm', -1, 0, 0, '', '')`);
  const { code, stdout } = await verify(dataDir);
  expect(stdout).toContain('records without an equal roll-up: quarter 2026-01-01T00:00:00.000Z');
  expect(stdout).toContain('1 holds with a negative or impossible amount');
  expect(stdout).toContain('1 holds are open although no server runs');
  expect(stdout).toContain('The books do NOT balance.');
  expect(code).toBe(1);
});
