import type { EntityManager } from '@mikro-orm/sqlite';
import { describe, expect, test } from '@jest/globals';
import type { EventDraft, EventLog } from '../../../src/events/log.ts';
import { Journal } from '../../../src/pool/journal.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aLog, quiet } from './fixture.ts';

const draft = (type: string): EventDraft => ({ type, subject: 'a', actor: 'system' });

/** Work that leaves a row of its own. */
const row = (name: string) => (tx: EntityManager) => void (tx as unknown as string[]).push(name);

/** A store that commits what a transaction appended, or nothing of it; may be told to fail. */
function aStore() {
  const clock = new ManualClock();
  const { logger, logs } = aLog();
  const store = { disk: [] as string[], tries: 0, failures: 0, tailFailures: 0 };
  const em = {
    fork: () => ({
      async transactional(work: (tx: string[]) => Promise<void>) {
        store.tries += 1;
        const tx: string[] = [];
        await work(tx);
        await Promise.resolve();
        if (store.failures > 0) {
          store.failures -= 1;
          throw new Error('disk full');
        }
        store.disk.push(...tx);
      },
    }),
  };
  const events = {
    append: (tx: string[], drafts: EventDraft[]) => tx.push(...drafts.map(({ type }) => type)),
    async caughtUp() {
      await Promise.resolve();
      if (store.tailFailures <= 0) return;
      store.tailFailures -= 1;
      throw new Error('a subscriber failed');
    },
  };
  const parts = { em: em as unknown as EntityManager, events: events as unknown as EventLog };
  const journal = new Journal({ ...parts, clock, logger });
  return { clock, store, journal, logs };
}

test('is on disk in the order of the decisions, rows before the events of the same', async () => {
  const { journal, store } = aStore();
  const slow = async (tx: EntityManager) => {
    await quiet();
    row('slow row')(tx);
  };
  journal.write([draft('1')], slow);
  journal.write([draft('2'), draft('3')], row('row'));
  journal.write([draft('4')]);
  expect(store.disk).toEqual([]);
  await journal.flushed();
  expect(store.disk).toEqual(['slow row', '1', 'row', '2', '3', '4']);
});

test('work that finds nothing to change has no events, and those after it have theirs', async () => {
  const { journal, store } = aStore();
  journal.write([draft('1')], () => Promise.resolve(false));
  journal.write([draft('2')], () => Promise.resolve(true));
  journal.write([draft('3')], () => undefined);
  await journal.flushed();
  expect(store.disk).toEqual(['2', '3']);
});

test('flushed waits for what was written before, not for what comes after', async () => {
  const { journal, store } = aStore();
  journal.write([draft('1')]);
  const flushed = journal.flushed();
  journal.write([draft('2')], () => new Promise<void>(() => undefined));
  await flushed;
  expect(store.disk).toEqual(['1']);
});

describe('a store that fails', () => {
  test('is tried again each second, and nothing overtakes', async () => {
    const { journal, store, clock, logs } = aStore();
    store.failures = 3;
    journal.write([draft('1')]);
    journal.write([draft('2')]);
    for (const tries of [1, 2, 3]) {
      await quiet();
      expect([store.tries, store.disk]).toEqual([tries, []]);
      clock.advance(999);
      await quiet();
      expect(store.tries).toBe(tries);
      clock.advance(1);
    }
    await journal.flushed();
    expect(store.disk).toEqual(['1', '2']);
    expect(logs().match(/health not recorded/g)).toHaveLength(3);
  });

  test('for ten tries loses that entry alone, and says which', async () => {
    const { journal, store, clock, logs } = aStore();
    store.failures = 10;
    journal.write([draft('lost')]);
    journal.write([draft('kept')]);
    for (let second = 0; second < 9; second += 1) {
      await quiet();
      clock.advance(1000);
    }
    await journal.flushed();
    expect(store.disk).toEqual(['kept']);
    expect(logs()).toContain('"types":["lost"],"nth":10');
  });

  test('work that fails takes its events along', async () => {
    const { journal, store, clock } = aStore();
    let isFirst = true;
    journal.write([draft('1')], (tx) => {
      row('row')(tx);
      if (!isFirst) return;
      isFirst = false;
      throw new Error('constraint');
    });
    await quiet();
    expect(store.disk).toEqual([]);
    clock.advance(1000);
    await journal.flushed();
    expect(store.disk).toEqual(['row', '1']);
  });

  test('subscribers that fail have nothing written twice', async () => {
    const { journal, store, logs } = aStore();
    store.tailFailures = 1;
    journal.write([draft('1')]);
    journal.write([draft('2')]);
    await journal.flushed();
    expect([store.disk, store.tries]).toEqual([['1', '2'], 2]);
    expect(logs()).toContain('a subscriber failed');
  });
});

describe('closing', () => {
  test('writes what is left', async () => {
    const { journal, store } = aStore();
    for (let at = 0; at < 50; at += 1) journal.write([draft(String(at))]);
    await journal.close();
    expect(store.disk).toEqual(Array.from({ length: 50 }, (_each, at) => String(at)));
  });

  test('waits for no store that keeps failing: each entry gets one more try', async () => {
    const { journal, store, clock } = aStore();
    store.failures = 1000;
    journal.write([draft('1')]);
    journal.write([draft('2')]);
    await quiet();
    const closed = journal.close();
    await quiet();
    clock.advance(1000);
    await closed;
    expect(store.disk).toEqual([]);
    // The first was tried before closing and once after, the second once.
    expect(store.tries).toBe(3);
    expect(clock.waits).toEqual([]);
  });
});
