import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Database } from 'better-sqlite3';
import { startGateway } from '../../support/gateway.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { connect, emptyBooks } from '../../support/ledger-books.ts';
import { until } from '../../support/patience.ts';
import { aReservation, aUsage, BILLER } from './fixture.ts';

/** Books with one call of each kind: recorded, settled, released, expired in both ways, late, open. */
async function soundBooks(): Promise<Database> {
  const gateway = await startGateway();
  const { recordings, reservations } = gateway.app.services;
  await recordings.record(BILLER, aUsage(gateway, { idempotency_id: 'usage' }));
  const reserve = async (name: string, fields: object = {}) => {
    const input = aReservation(gateway, { idempotency_id: name, ...fields });
    return (await reservations.reserve(BILLER, input)).reservation.id;
  };
  const soon = { expires_in: { seconds: 1 } };
  const settled = await reserve('settled');
  await reservations.settle(BILLER, { reservation_id: settled, cost_nano_usd: 1 });
  const released = await reserve('released');
  await reservations.release(BILLER, { reservation_id: released });
  const charged = await reserve('charged', soon);
  await reserve('given back', { ...soon, on_expiry: 'release' });
  const late = await reserve('late', soon);
  await reserve('open');
  gateway.clock.advance(1000);
  await until(() => reservations.get(BILLER, { reservation_id: late }).state === 'expired');
  await until(() => reservations.get(BILLER, { reservation_id: charged }).state === 'expired');
  await reservations.settle(BILLER, { reservation_id: late, cost_nano_usd: 1 });
  await gateway.records();
  // A copy: the gateway's own has to balance when it ends.
  const copy = join((await emptyBooks()).dataDir, 'copy.db');
  connect(gateway.space.file).prepare('vacuum into ?').run(copy);
  return connect(copy);
}

const named = (name: string) => `(select id from remote_calls where idempotency_id = '${name}')`;

const damages: [string, string, RegExp][] = [
  [
    'a call whose hold is gone',
    `delete from holds where id = ${named('open')}`,
    /1 calls of other services that are neither held nor on record/,
  ],
  [
    'a call of another key',
    `update remote_calls set key_id = 'key-9' where idempotency_id = 'usage'`,
    /1 calls of other services that were charged to another key/,
  ],
  [
    'a call of an unknown kind',
    `update remote_calls set kind = 'gift' where idempotency_id = 'settled'`,
    /1 calls of other services of no known kind/,
  ],
  [
    'a reservation that nobody knows of',
    `delete from remote_calls where idempotency_id = 'open'`,
    /1 holds of reservations that nobody knows of/,
  ],
  [
    'an expiry that nobody knows of',
    `delete from remote_calls where idempotency_id = 'charged'`,
    /1 records of expired reservations that nobody knows of/,
  ],
  [
    'a recorded usage that is held as well',
    `update remote_calls set kind = 'usage', on_expiry = 'none' where idempotency_id = 'open'`,
    /1 recorded usages that money is held for/,
  ],
  [
    'a recorded usage that was settled',
    `update remote_calls set settle_fingerprint = 'x' where idempotency_id = 'usage'`,
    /1 recorded usages that did not end as calls do/,
  ],
  [
    'a reservation that was ended and is held still',
    `update remote_calls set settle_fingerprint = 'x' where idempotency_id = 'open'`,
    /1 reservations that were ended, and are held still/,
  ],
  [
    'a settlement that no service has sent',
    `update remote_calls set settle_fingerprint = null where idempotency_id = 'settled'`,
    /1 reservations that ended otherwise than their service said/,
  ],
  [
    'a release that was charged as a settlement',
    `update remote_calls set settle_fingerprint = 'released' where idempotency_id = 'settled'`,
    /1 reservations that ended otherwise than their service said/,
  ],
  [
    'an expiry that gave back what was to be charged',
    `update remote_calls set on_expiry = 'charge' where idempotency_id = 'given back'`,
    /1 expired reservations that were not resolved as was asked for/,
  ],
  [
    'a late settlement of a call that was in time',
    `update adjustments set request_id = ${named('usage')} where reason = 'late'`,
    /1 late settlements of calls that had not expired/,
  ],
  [
    'a late settlement that came twice',
    `insert into adjustments select 'again', request_id, at_ms, 1, reason, actor, price_id, note
     from adjustments where reason = 'late'`,
    /1 late settlements that were made twice/,
  ],
];

test('sound books balance, whether a server runs or not, and each damage to them is found', async () => {
  const database = await soundBooks();
  for (const isServing of [true, false]) {
    expect(verifyLedger(database, isServing)).toMatchObject({
      findings: [],
      openHolds: 0,
      openReservations: 1,
    });
  }
  for (const [what, sql, finding] of damages) {
    database.exec('begin');
    database.exec(sql);
    const findings = verifyLedger(database, false).findings.join('\n');
    database.exec('rollback');
    expect({ what, findings }).toEqual({ what, findings: expect.stringMatching(finding) });
  }
});
