import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BudgetBook } from '../../../src/accounting/budgets/budget-book.ts';
import { RELEASE } from '../../../src/accounting/remote/ending.ts';
import { KnownCalls } from '../../../src/accounting/remote/known-calls.ts';
import { Reservations } from '../../../src/accounting/remote/reservations.ts';
import { connect, emptyBooks } from '../../support/ledger-books.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { settled } from '../../unit/proxy/fixture.ts';
import { SteppedWriter } from './stepped-writer.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const OPEN_MAX = 3;

let clock: ManualClock;
let known: KnownCalls;
let writer: SteppedWriter;
let reservations: Reservations;

beforeEach(async () => {
  const { file } = await emptyBooks();
  clock = new ManualClock();
  known = new KnownCalls(file);
  writer = new SteppedWriter(connect(file));
  const budgets = new BudgetBook(() => undefined);
  const parts = { clock, budgets, known, ledger: writer, onRecorded: () => undefined };
  reservations = new Reservations(parts, OPEN_MAX);
});

afterEach(() => {
  reservations.stop();
  known.close();
});

async function committed<T>(asked: Promise<T>): Promise<T> {
  await settled();
  writer.write().told();
  return await asked;
}

const reserve = (idempotencyId: string) =>
  reservations.reserve(
    {
      keyId: 'k',
      poolId: 'p',
      userId: '',
      teamId: '',
      idempotencyId,
      fingerprint: idempotencyId,
      provider: '',
      model: 'm',
      endpoint: 'external',
      actor: 'a',
      expiresInMs: MINUTE_MS,
      onExpiry: 'release',
    },
    () => ({ amountNano: 1n, priceId: '' }),
  );

test('so many are open and no more, those on their way included, until one is over', async () => {
  const asked = ['a', 'b', 'c'].map((name) => reserve(name));
  await expect(reserve('d')).rejects.toMatchObject({ code: 'overloaded' });
  const [first] = await committed(Promise.all(asked));
  expect(reservations.size).toBe(OPEN_MAX);
  // Who asks again asks for none more.
  expect((await reserve('a')).isRepeat).toBe(true);
  await committed(reservations.end(first?.reservation.id ?? '', RELEASE));
  expect((await committed(reserve('d'))).isRepeat).toBe(false);
});

test('what the store refuses is held by nobody, and may be asked for again', async () => {
  const asked = reserve('a');
  writer.fail();
  await expect(asked).rejects.toMatchObject({ code: 'storage_unavailable' });
  await expect(reserve('a')).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(reservations.size).toBe(0);
  writer.write().told();
  expect((await committed(reserve('a'))).isRepeat).toBe(false);
});

test('a wall clock that is set back holds them as long, looked at once a day at most', async () => {
  const { reservation } = await committed(reserve('a'));
  clock.setWall(clock.now() - 100 * DAY_MS);
  clock.advance(MINUTE_MS);
  await settled();
  expect(reservations.get(reservation.id).state).toBe('open');
  expect(clock.waits).toEqual([DAY_MS]);
  clock.setWall(reservation.expiresAtMs - 1);
  clock.advance(DAY_MS);
  await settled();
  writer.write().told();
  await settled();
  expect(reservations.get(reservation.id)).toMatchObject({ state: 'expired', costNano: 0n });
  expect(clock.waits).toEqual([]);
});
