import { beforeAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import {
  apply,
  applyEach,
  isFaultOfRow,
  prepare,
} from '../../../../src/accounting/ledger/apply.ts';
import type { Applied } from '../../../../src/accounting/ledger/apply.ts';
import {
  batchOf,
  emptyGroup,
  nextOf,
  unconfirmedOf,
} from '../../../../src/accounting/ledger/group.ts';
import {
  recordColumn,
  recordRow,
  holdRow,
  remoteRow,
} from '../../../../src/accounting/ledger/rows.ts';
import type { RemoteWrite } from '../../../../src/accounting/ledger/rows.ts';
import { verifyLedger } from '../../../../src/accounting/ledger/verify.ts';
import type { HoldDraft } from '../../../../src/entities/call-record.ts';
import type { RemoteCall } from '../../../../src/entities/remote-call.ts';
import { aHold, aRecord, connect, emptyBooks } from '../../../support/ledger-books.ts';

let schema: Buffer;

beforeAll(async () => {
  const database = connect((await emptyBooks()).file);
  // A database in memory has no log beside it.
  database.pragma('journal_mode = delete');
  schema = database.serialize();
});

function inMemory() {
  const database = new Database(schema);
  const statements = prepare(database);
  const remote = (...writes: RemoteWrite[]): Applied =>
    database.transaction(() => apply(statements, { holds: [], settlements: [], remote: writes }))();
  const each = (...writes: RemoteWrite[]): Applied =>
    database.transaction(() =>
      applyEach(database, statements, { holds: [], settlements: [], remote: writes }),
    )();
  const rows = (sql: string) => database.prepare<[], string>(sql).pluck().all();
  const sound = () => expect(verifyLedger(database, false).findings).toEqual([]);
  return { database, remote, each, rows, sound };
}

const aCall = (hold: HoldDraft, fields: Partial<RemoteCall> = {}): RemoteCall => ({
  id: hold.id,
  keyId: hold.keyId,
  idempotencyId: hold.id,
  kind: 'reservation',
  fingerprint: 'f',
  settleFingerprint: null,
  isPriced: true,
  provider: '',
  priceId: '',
  onExpiry: 'charge',
  actor: 'token:a',
  createdAtMs: hold.createdAtMs,
  expiresAtMs: hold.expiresAtMs,
  ...fields,
});

const reserve = (hold: HoldDraft, fields: Partial<RemoteCall> = {}): RemoteWrite => ({
  id: hold.id,
  claim: remoteRow(aCall(hold, fields)),
  hold: holdRow(hold, 'remote'),
});

const settle = (hold: HoldDraft, fields: Parameters<typeof aRecord>[1] = {}): RemoteWrite => ({
  id: hold.id,
  settlement: recordRow(aRecord(hold, fields)),
  end: { fingerprint: 's', isPriced: true },
});

const record = (hold: HoldDraft, idempotencyId = hold.id): RemoteWrite => ({
  id: hold.id,
  claim: remoteRow(aCall(hold, { kind: 'usage', onExpiry: 'none', idempotencyId })),
  settlement: recordRow(aRecord(hold)),
});

test('a reservation is held, held for more and longer, and settled', () => {
  const { remote, rows, sound } = inMemory();
  const hold = aHold();
  remote(reserve(hold));
  expect(rows('select owner from holds')).toEqual(['remote']);
  sound();
  const more = { ...hold, amountNano: 9000n, expiresAtMs: hold.expiresAtMs + 5 };
  remote({ id: hold.id, hold: holdRow(more, 'remote') });
  expect(rows('select amount_nano || expires_at_ms from holds')).toEqual([
    `9000${more.expiresAtMs}`,
  ]);
  expect(rows('select cast(expires_at_ms as text) from remote_calls')).toEqual([
    String(more.expiresAtMs),
  ]);
  remote(settle(more));
  expect(rows('select id from holds')).toEqual([]);
  expect(rows('select settle_fingerprint from remote_calls')).toEqual(['s']);
  expect(rows('select id from usage_records')).toEqual([hold.id]);
  sound();
});

test('a usage is claimed and on record at once; under a name that is taken nothing of it is written', () => {
  const { remote, rows, sound } = inMemory();
  const [first, second] = [aHold(), aHold()];
  expect(remote(record(first, 'mine')).taken).toEqual([]);
  expect(remote(record(second, 'mine')).taken).toEqual([{ id: second.id, by: first.id }]);
  expect(remote(reserve(second, { idempotencyId: 'mine' })).taken).toHaveLength(1);
  // Another key has names of its own.
  const other = aHold({ keyId: 'key-2' });
  expect(remote(record(other, 'mine')).taken).toEqual([]);
  expect(rows('select id from usage_records order by id')).toEqual([first.id, other.id]);
  expect(rows('select id from holds')).toEqual([]);
  sound();
});

const faults: [string, (hold: HoldDraft) => RemoteWrite][] = [
  ['settled without a hold', (hold) => settle(hold)],
  ['settled twice', (hold) => settle(hold)],
  ['charged an impossible cost', (hold) => settle(hold, { costNano: -1n })],
  ['claimed with the id of another call', (hold) => reserve(hold, { idempotencyId: 'else' })],
];

test.each(faults)('one that is %s is refused whole, and harms no other', (name, bad) => {
  const { database, remote, each, rows, sound } = inMemory();
  const [hold, other] = [aHold(), aHold()];
  if (name !== 'settled without a hold') remote(reserve(hold));
  if (name === 'settled twice') remote(settle(hold));
  const before = rows(`select id || settle_fingerprint from remote_calls`);
  const wrong = () => remote(bad(hold), reserve(other));
  expect(wrong).toThrow();
  try {
    wrong();
  } catch (error) {
    expect(isFaultOfRow(error)).toBe(true);
  }
  expect(each(bad(hold), reserve(other)).refusedRemote.map(({ id }) => id)).toEqual([hold.id]);
  const others = `select id || settle_fingerprint from remote_calls where id <> '${other.id}'`;
  expect(rows(others)).toEqual(before);
  expect(rows(`select id from holds where id = '${other.id}'`)).toEqual([other.id]);
  sound();
  database.close();
});

test('a batch of `/v1` alone carries nothing more than it did', () => {
  const group = emptyGroup();
  expect(Object.keys(batchOf(group))).toEqual(['holds', 'settlements']);
  expect(unconfirmedOf(group)).toBe(group.settlements);
});

test('a commit takes so many writes of other services, and whoever waits for all waits for the rest', () => {
  const queue = emptyGroup();
  const listener = { onWritten: () => undefined, onRefused: () => undefined };
  for (let nth = 0; nth < 600; nth += 1)
    queue.remote.push({ write: { id: String(nth) }, listener });
  queue.flushes.push(() => undefined);
  const ids: string[] = [];
  const flushedAfter: number[] = [];
  for (let left = queue; left.remote.length > 0;) {
    const { group, rest } = nextOf(left);
    expect(group.remote.length).toBeLessThanOrEqual(250);
    ids.push(...group.remote.map(({ write }) => write.id));
    if (group.flushes.length > 0) flushedAfter.push(ids.length);
    left = rest;
  }
  expect(ids).toEqual(Array.from({ length: 600 }, (_, nth) => String(nth)));
  expect(flushedAfter).toEqual([600]);
});

const quarterOf = ({ settlement }: RemoteWrite) =>
  Math.floor(Number(settlement?.[recordColumn('started_at_ms')]) / 900_000);

test('a commit takes calls of so many quarters of an hour: each is more to carry over', () => {
  const queue = emptyGroup();
  const listener = { onWritten: () => undefined, onRefused: () => undefined };
  // Three of each quarter.
  for (let nth = 0; nth < 300; nth += 1) {
    const write = record(aHold({ createdAtMs: 1_767_225_600_000 + Math.floor(nth / 3) * 900_000 }));
    queue.remote.push({ write, listener });
  }
  const taken: RemoteWrite[] = [];
  const quarters: number[] = [];
  for (let left = queue; left.remote.length > 0;) {
    const { group, rest } = nextOf(left);
    quarters.push(new Set(group.remote.map(({ write }) => quarterOf(write))).size);
    taken.push(...group.remote.map(({ write }) => write));
    left = rest;
  }
  expect(quarters).toEqual([60, 40]);
  expect(taken).toEqual(queue.remote.map(({ write }) => write));
});

test('what is on its way is counted as held alone: as settled it is nothing yet', () => {
  const group = emptyGroup();
  const listener = { onWritten: () => undefined, onRefused: () => undefined };
  const hold = aHold();
  group.remote.push({ write: record(hold), listener }, { write: reserve(aHold()), listener });
  group.settlements.push(recordRow(aRecord(aHold())));
  const costs = unconfirmedOf(group).map((row) => row[recordColumn('cost_nano')]);
  expect(costs).toEqual(['4500', '0']);
  // What is sent keeps its cost.
  expect(group.remote[0]?.write.settlement?.[recordColumn('cost_nano')]).toBe('4500');
});
