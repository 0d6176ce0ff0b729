import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BudgetBook } from '../../../../src/accounting/budgets/budget-book.ts';
import { BudgetKeeper } from '../../../../src/accounting/budgets/keeper.ts';
import { SettledSpend } from '../../../../src/accounting/budgets/settled-spend.ts';
import { RECORD_COLUMNS, recordRow } from '../../../../src/accounting/ledger/rows.ts';
import { openSqlite } from '../../../../src/lib/sqlite.ts';
import { aCredential, openOffice } from '../../services/fixture.ts';
import type { Office } from '../../services/fixture.ts';
import { aHold, aRecord } from '../../../support/ledger-books.ts';
import { aBudget, DAY_MS, NOON_MS } from './fixture.ts';
import { CLI } from '../../../../src/services/actor.ts';

let office: Office;
let book: BudgetBook;
let keeper: BudgetKeeper;
let nowMs: number;
let onDisk: SettledSpend;
let reads: number;
let isFailing: boolean;

beforeEach(async () => {
  office = await openOffice();
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
  [nowMs, reads, isFailing] = [NOON_MS, 0, false];
  book = new BudgetBook(() => undefined);
  onDisk = new SettledSpend(office.space.file, { unconfirmed: [] });
  const of: SettledSpend['of'] = (...asked) => {
    reads += 1;
    if (isFailing) throw new Error('disk I/O error');
    return onDisk.of(...asked);
  };
  const spend = { of } as SettledSpend;
  keeper = new BudgetKeeper({ em: office.space.orm.em, book, spend, now: () => nowMs });
});

afterEach(() => onDisk.close());

/** Makes this what the pool has spent at some time. */
function spent(atMs: number, costNano: number): void {
  const database = openSqlite(office.space.file);
  database
    .prepare(
      `insert into spend_rollups select 'pool', id, ?, 1, ? from pools where true
       on conflict do update set cost_nano = excluded.cost_nano`,
    )
    .run(atMs - (atMs % 900_000), costNano);
  database.close();
}

async function daily(cap: number): Promise<string> {
  const { budgets } = office.space;
  const { budget } = await budgets.set(CLI, {
    scope: 'pool',
    subject: 'main',
    cap,
    period: cap === 1 ? 'daily' : 'none',
  });
  return budget.id;
}

const newestSeq = async () => (await office.events('')).at(-1)?.seq ?? 0;
/** Of many calls, as an event tells it; or of one. */
const correction = (seq: number, subject = 'of-many') => ({ seq, subject });
const settled = (id: string) => book.explain(id, nowMs)?.settledNano;

test('a recount reads every budget’s sum, each of its own period', async () => {
  spent(NOON_MS - DAY_MS, 70);
  spent(NOON_MS, 50);
  const [today, ever] = [await daily(1), await daily(2)];
  await keeper.load();
  expect([settled(today), settled(ever)]).toEqual([50n, 120n]);
  spent(NOON_MS, 20);
  await keeper.recount(correction((await newestSeq()) + 1));
  expect([settled(today), settled(ever)]).toEqual([20n, 90n]);
});

test('sums beyond 64 bits are what they are', async () => {
  const ever = await daily(2);
  spent(NOON_MS - DAY_MS, 9e18);
  spent(NOON_MS, 9e18);
  await keeper.load();
  expect(settled(ever)).toBe(18n * 10n ** 18n);
});

test('what one recount has seen is not read again, whatever event tells of it', async () => {
  await daily(1);
  await keeper.load();
  const before = reads;
  const newest = await newestSeq();
  await keeper.recount(correction(newest - 1));
  await keeper.recount(correction(newest));
  expect(reads - before).toBe(1);
  await keeper.recount(correction(newest + 1));
  expect(reads - before).toBe(2);
});

test('one call that was corrected is read anew in its own budgets, and in no others', async () => {
  const database = openSqlite(office.space.file);
  const [pool] = database.prepare<[], string>('select id from pools').pluck().all();
  const hold = aHold({ poolId: pool ?? '', teamId: 'nobody’s' });
  const columns = RECORD_COLUMNS.map(() => '?').join(', ');
  database
    .prepare(`insert into usage_records (${RECORD_COLUMNS.join(', ')}) values (${columns})`)
    .run(...recordRow(aRecord(hold)));
  database.close();
  const id = await daily(1);
  await keeper.load();
  book.put(aBudget({ scope: 'team', subjectId: 'another' }), nowMs);
  const before = reads;
  spent(NOON_MS, 20);
  const seq = (await newestSeq()) + 1;
  await keeper.recount(correction(seq, hold.id));
  expect([settled(id), reads - before]).toEqual([20n, 1]);
  // Of many calls: the other one's turn has not come yet.
  await keeper.recount(correction(seq));
  expect(reads - before).toBe(3);
});

test('a recount that failed is made when its event comes again', async () => {
  const id = await daily(1);
  await keeper.load();
  spent(NOON_MS, 20);
  const seq = await newestSeq();
  isFailing = true;
  await expect(keeper.recount(correction(seq))).rejects.toThrow('disk I/O error');
  isFailing = false;
  await keeper.recount(correction(seq));
  expect(settled(id)).toBe(20n);
});

test('while the wall clock is set back, what the book has counted stays', async () => {
  spent(NOON_MS - DAY_MS, 70);
  const id = await daily(1);
  await keeper.load();
  nowMs = NOON_MS - DAY_MS;
  spent(NOON_MS, 20);
  await keeper.recount(correction((await newestSeq()) + 1));
  expect(settled(id)).toBe(0n);
  nowMs = NOON_MS;
  await keeper.recount(correction((await newestSeq()) + 2));
  expect(settled(id)).toBe(20n);
});
