import { expect, test } from '@jest/globals';
import { LiveConnections } from '../../../src/graphql/live-connections.ts';
import type { Ending, LiveConnection } from '../../../src/graphql/live-connections.ts';
import { ADMIN } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { ManualClock } from '../../support/manual-clock.ts';

class FakeConnection implements LiveConnection {
  actor: Actor | null = ADMIN;
  readonly endings: number[] = [];
  checks = 0;
  cuts = 0;

  check(): void {
    this.checks += 1;
  }

  end({ code }: Ending): void {
    this.endings.push(code);
  }

  cut(): void {
    this.cuts += 1;
  }
}

function aRoom() {
  const clock = new ManualClock();
  const invalid = new Set<Actor>();
  const listeners = new Set<() => void>();
  const authenticator = {
    isValid: (actor: Actor) => !invalid.has(actor),
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const connections = new LiveConnections({ clock, authenticator });
  return { clock, invalid, listeners, connections };
}

test('there is room for a thousand, and for one more when one has left', () => {
  const { connections } = aRoom();
  const all = Array.from({ length: 1000 }, () => new FakeConnection());
  for (const one of all) {
    connections.assertRoom();
    connections.add(one);
  }
  expect(() => connections.assertRoom()).toThrow(expect.objectContaining({ code: 'overloaded' }));
  connections.delete(all[3] ?? new FakeConnection());
  expect(() => connections.assertRoom()).not.toThrow();
});

const user = (userId: string): Actor => ({ name: `user:${userId}`, role: 'user', userId });

test('one user has room for twenty, which takes none of anybody else', () => {
  const { connections } = aRoom();
  const all = Array.from({ length: 20 }, () => new FakeConnection());
  for (const one of all) {
    connections.assertRoom(user('ann'));
    one.actor = user('ann');
    connections.add(one);
  }
  const room = () => connections.assertRoom(user('ann'));
  expect(room).toThrow(expect.objectContaining({ code: 'overloaded' }));
  for (const other of [user('bob'), ADMIN]) {
    expect(() => connections.assertRoom(other)).not.toThrow();
  }
  connections.delete(all[3] ?? new FakeConnection());
  expect(room).not.toThrow();
});

test('each is looked after once a second, and nothing is where nobody is', () => {
  const { clock, connections } = aRoom();
  expect(clock.waits).toEqual([]);
  const one = new FakeConnection();
  connections.add(one);
  clock.advance(3000);
  expect(one.checks).toBe(3);
  connections.delete(one);
  expect(clock.waits).toEqual([]);
  clock.advance(5000);
  expect(one.checks).toBe(3);
  connections.add(one);
  clock.advance(1000);
  expect(one.checks).toBe(4);
});

test('who may be here no more is ended at once when that is told, and within a second when it is not', () => {
  const { clock, invalid, listeners, connections } = aRoom();
  const viewer: Actor = { name: 'token:v', role: 'viewer', userId: null };
  const [gone, kept, unknown] = [new FakeConnection(), new FakeConnection(), new FakeConnection()];
  gone.actor = viewer;
  unknown.actor = null;
  for (const one of [gone, kept, unknown]) connections.add(one);
  invalid.add(viewer);
  for (const listener of listeners) listener();
  expect([gone.endings, kept.endings, unknown.endings]).toEqual([[4403], [], []]);
  invalid.add(ADMIN);
  clock.advance(1000);
  expect([kept.endings, unknown.endings]).toEqual([[4403], []]);
});

test('a stop tells all of them to go, cuts those that stay, and lets nobody in', async () => {
  const { clock, listeners, connections } = aRoom();
  const [polite, deaf] = [new FakeConnection(), new FakeConnection()];
  for (const one of [polite, deaf]) connections.add(one);
  const closed = connections.close();
  expect([polite.endings, deaf.endings]).toEqual([[1001], [1001]]);
  expect(() => connections.assertRoom()).toThrow(expect.objectContaining({ code: 'draining' }));
  connections.delete(polite);
  clock.advance(1000);
  expect([polite.cuts, deaf.cuts]).toEqual([0, 1]);
  connections.delete(deaf);
  await closed;
  expect(clock.waits).toEqual([]);
  expect(listeners.size).toBe(0);
});
