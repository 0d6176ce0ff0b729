import { expect, test } from '@jest/globals';
import type { Clock } from '../../../src/lib/clock.ts';
import { aHold, aRecord, connect, openLedger } from '../../support/ledger-books.ts';

/** Stands still until it is told otherwise; its timers fire only when it is moved past them. */
class StandingClock implements Clock {
  #ms = 0;
  #timers: { dueMs: number; run(): void }[] = [];

  now = () => this.#ms;
  monotonic = () => this.#ms;

  get delays(): number[] {
    return this.#timers.map((timer) => timer.dueMs - this.#ms);
  }

  after(ms: number, run: () => void) {
    const timer = { dueMs: this.#ms + ms, run };
    this.#timers.push(timer);
    const cancel = () => (this.#timers = this.#timers.filter((one) => one !== timer));
    return { refresh: () => undefined, cancel };
  }

  move(ms: number): void {
    this.#ms += ms;
    const due = this.#timers.filter((timer) => timer.dueMs <= this.#ms);
    this.#timers = this.#timers.filter((timer) => timer.dueMs > this.#ms);
    for (const timer of due) timer.run();
  }
}

async function quietLedger() {
  const clock = new StandingClock();
  const books = await openLedger({ clock });
  return { ...books, clock };
}

test('a hold after a quiet spell is committed without any timer', async () => {
  const { ledger, clock } = await quietLedger();
  await ledger.hold(aHold());
  clock.move(2);
  await ledger.hold(aHold());
  expect(clock.delays).toEqual([]);
});

test('holds that come together are one commit, at most one in two milliseconds', async () => {
  const { ledger, clock, file } = await quietLedger();
  const database = connect(file);
  const held = () => database.prepare<[], number>('select count(*) from holds').pluck().get();
  await ledger.hold(aHold());
  clock.move(0.5);
  const holds = Array.from({ length: 100 }, () => ledger.hold(aHold()));
  expect(clock.delays).toEqual([1.5]);
  expect(held()).toBe(1);
  clock.move(1.5);
  // Those that come while a commit is under way form the next.
  const late = [ledger.hold(aHold()), ledger.hold(aHold())];
  await Promise.all(holds);
  expect(held()).toBe(101);
  expect(clock.delays).toEqual([2]);
  clock.move(2);
  await Promise.all(late);
  expect(held()).toBe(103);
});

test('a settlement waits a little for a hold to share the commit with, and not for ever', async () => {
  const { ledger, clock, file } = await quietLedger();
  const database = connect(file);
  const recorded = () =>
    database.prepare<[], number>('select count(*) from usage_records').pluck().get();
  const [first, second] = [aHold(), aHold()];
  await ledger.hold(first);
  clock.move(2);
  await ledger.hold(second);
  clock.move(10);
  ledger.settle(aRecord(first));
  expect(clock.delays).toEqual([5]);
  await ledger.hold(aHold());
  expect(recorded()).toBe(1);
  expect(clock.delays).toEqual([]);

  clock.move(10);
  ledger.settle(aRecord(second));
  expect(recorded()).toBe(1);
  clock.move(5);
  await ledger.flush();
  expect(recorded()).toBe(2);
});

test('a flush does not wait for what comes after it', async () => {
  const { ledger, clock } = await quietLedger();
  const hold = aHold();
  await ledger.hold(hold);
  clock.move(10);
  ledger.settle(aRecord(hold));
  const flushed = ledger.flush();
  const later = ledger.hold(aHold());
  let isLaterDone = false;
  void later.then(() => (isLaterDone = true));
  await flushed;
  expect(isLaterDone).toBe(false);
  clock.move(2);
  await later;
});

test('more holds than the store can keep up with are refused at once', async () => {
  const { ledger, clock } = await quietLedger();
  await ledger.hold(aHold());
  const queued = Array.from({ length: 10_000 }, () => ledger.hold(aHold()));
  expect(() => ledger.hold(aHold())).toThrow('The ledger is not keeping up.');
  clock.move(2);
  await Promise.all(queued);
});
