import { writeFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { aHold, aRecord, connect, openLedger, until } from '../../support/ledger-books.ts';
import { judge, readLedger } from '../../support/oracle.ts';

const CALLS = 20;
/** Between two events, by the clock that the test moves on: none of them ends before. */
const PACE_MS = 1000;
/** However far that is. */
const DAY_MS = 86_400_000;

const ids = (file: string, table: string) =>
  connect(file)
    .prepare<[], { id: string }>(`select id from ${table} order by id`)
    .all()
    .map((row) => row.id);

test('calls that were under way when the store failed are all on record once it is back', async () => {
  const gateway = await startGateway({
    pool: { timeouts: { idle_ms: DAY_MS, total_ms: DAY_MS } },
    sandbox: { chunkPaceMs: PACE_MS },
    isClockShared: true,
  });
  const other = connect(gateway.space.file);
  const streams = await Promise.all(
    Array.from({ length: CALLS }, () => gateway.chat({ stream: true })),
  );
  other.exec('alter table usage_records rename to records_away');
  let isOver = false;
  const reading = Promise.all(streams.map((response) => response.text()));
  void reading.finally(() => (isOver = true));
  await until(() => {
    gateway.clock.advance(PACE_MS);
    return isOver;
  });
  const texts = await reading;
  expect(texts.filter((text) => !text.endsWith('data: [DONE]\n\n'))).toEqual([]);
  await until(() => !gateway.app.ledger.isHealthy);
  expect((await gateway.chat()).status).toBe(503);

  other.exec('alter table records_away rename to usage_records');
  await until(() => gateway.app.ledger.isHealthy);
  const records = await gateway.records();
  expect(records.map(({ id }) => id)).toEqual(
    streams.map((response) => String(response.headers.get('x-request-id'))).toSorted(),
  );
  const judgement = judge(gateway.sandbox.witness.entries, readLedger(gateway.space.file));
  expect(judgement).toMatchObject({ compared: CALLS, differences: [] });
});

test('another writer on the file is waited for, then refused for, then written after', async () => {
  const { ledger, file } = await openLedger({ busyTimeoutMs: 20 });
  const hold = aHold();
  await ledger.hold(hold);
  const other = connect(file);
  other.exec('begin immediate');
  ledger.settle(aRecord(hold));
  const late = ledger.hold(aHold());
  await expect(late).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(ledger.isHealthy).toBe(false);
  expect(() => ledger.hold(aHold())).toThrow('The ledger cannot be written.');
  other.exec('rollback');
  await ledger.flush();
  expect(ledger.isHealthy).toBe(true);
  expect(ids(file, 'usage_records')).toEqual([hold.id]);
  expect(ids(file, 'holds')).toEqual([]);
});

test('a settlement no store would take harms no other, and its hold stays to be charged', async () => {
  const { ledger, file, logs } = await openLedger();
  const [bad, good] = [aHold(), aHold()];
  await Promise.all([ledger.hold(bad), ledger.hold(good)]);
  ledger.settle(aRecord(bad, { status: Number.NaN }));
  ledger.settle(aRecord(good));
  const absurd = ledger.hold(aHold({ amountNano: 10n ** 17n }));
  const fresh = aHold();
  await Promise.all([
    expect(absurd).rejects.toMatchObject({ code: 'storage_unavailable' }),
    ledger.hold(fresh),
  ]);
  await ledger.flush();
  expect(ledger.isHealthy).toBe(true);
  expect(ids(file, 'usage_records')).toEqual([good.id]);
  expect(ids(file, 'holds')).toEqual([bad.id, fresh.id].toSorted());
  expect(logs()).toContain('settlement refused');
});

test('a hold that comes again has grown', async () => {
  const { ledger, file } = await openLedger();
  const hold = aHold();
  await ledger.hold(hold);
  await ledger.hold({ ...hold, amountNano: hold.amountNano + 1n });
  const amounts = connect(file).prepare<[], string>('select cast(amount_nano as text) from holds');
  expect(amounts.pluck().all()).toEqual([String(hold.amountNano + 1n)]);
});

test('closing writes what was settled a moment before, and takes nothing after', async () => {
  const { ledger, file, logs } = await openLedger();
  const [first, late] = [aHold(), aHold()];
  await Promise.all([ledger.hold(first), ledger.hold(late)]);
  ledger.settle(aRecord(first));
  const closed = ledger.close();
  expect(() => ledger.hold(aHold())).toThrow('The ledger cannot be written.');
  await Promise.all([closed, ledger.close(), ledger.flush()]);
  ledger.settle(aRecord(late));
  expect(ids(file, 'usage_records')).toEqual([first.id]);
  expect(ids(file, 'holds')).toEqual([late.id]);
  expect(logs()).toContain('settlement came after the ledger ended');
});

test('closing gives a store up that stays broken; the hold is on disk for the next start', async () => {
  const { ledger, file, clock, logs } = await openLedger();
  const hold = aHold();
  await ledger.hold(hold);
  const other = connect(file);
  other.exec('alter table usage_records rename to records_away');
  ledger.settle(aRecord(hold));
  const closed = ledger.close();
  await until(() => !ledger.isHealthy);
  clock.advance(10_000);
  await closed;
  expect(ids(file, 'holds')).toEqual([hold.id]);
  expect(logs()).toContain('settlements not written');
});

test('a writer that cannot open its file is fatal: holds are refused, nothing hangs', async () => {
  const { file: sound, dataDir } = await openLedger();
  const file = `${dataDir}/not-a-database`;
  await writeFile(file, 'x'.repeat(8192));
  const { ledger, fatal } = await openLedger({ file });
  const hold = ledger.hold(aHold());
  await expect(hold).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(fatal).toEqual(['ledger: the writer thread died']);
  expect(() => ledger.hold(aHold())).toThrow('The ledger cannot be written.');
  await Promise.all([ledger.flush(), ledger.close()]);
  expect(ids(sound, 'holds')).toEqual([]);
});
