import { expect, test } from '@jest/globals';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { aHold, aRecord, connect, openLedger } from '../../support/ledger-books.ts';

const bookTotals = (file: string) =>
  connect(file)
    .prepare(
      `select (select count(*) from usage_records) as records,
         (select sum(cost_nano) from usage_records) as cost,
         (select sum(calls) from usage_rollups) as calls,
         (select sum(cost_nano) from usage_rollups) as rolled,
         (select count(*) from holds) as holds`,
    )
    .get();

const once = { records: 1, cost: 4500, calls: 1, rolled: 4500, holds: 0 };

test('in one batch, in the next, and with another cost: the first settlement stands', async () => {
  const { ledger, file, logs } = await openLedger();
  const hold = aHold();
  await ledger.hold(hold);
  ledger.settle(aRecord(hold));
  ledger.settle(aRecord(hold, { costNano: 9999n }));
  await ledger.flush();
  expect(bookTotals(file)).toEqual(once);
  ledger.settle(aRecord(hold, { outcome: 'voided', costNano: 0n }));
  await ledger.flush();
  expect(bookTotals(file)).toEqual(once);
  expect(verifyLedger(connect(file), false).findings).toEqual([]);
  expect(logs().match(/"repeats":1/g)).toHaveLength(2);
});

test('a settlement without a hold charges nobody and is reported', async () => {
  const { ledger, file, logs } = await openLedger();
  const hold = aHold();
  ledger.settle(aRecord(hold));
  await ledger.flush();
  expect(bookTotals(file)).toMatchObject({ records: 0, calls: null });
  expect(logs()).toContain(`"strays":["${hold.id}"]`);
});

test('a settlement given before its hold is committed is applied behind it', async () => {
  const { ledger, file } = await openLedger();
  const hold = aHold();
  const held = ledger.hold(hold);
  ledger.settle(aRecord(hold));
  await Promise.all([held, ledger.flush()]);
  await ledger.flush();
  expect(bookTotals(file)).toEqual(once);
});
