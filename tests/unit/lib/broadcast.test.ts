import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Broadcast, SlowConsumer } from '../../../src/lib/broadcast.ts';

const read = async <T>(values: AsyncGenerator<T, void>, count: number): Promise<T[]> => {
  const taken: T[] = [];
  while (taken.length < count) {
    const { value, done } = await values.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
};

test('each reader is told everything wanted from when it came, in order', async () => {
  const broadcast = new Broadcast<number>();
  const { signal } = new AbortController();
  broadcast.publish(0);
  const all = broadcast.follow(signal);
  broadcast.publish(1);
  const even = broadcast.follow(signal, (value) => value % 2 === 0);
  for (const value of [2, 3, 4]) broadcast.publish(value);
  expect(await read(all, 4)).toEqual([1, 2, 3, 4]);
  expect(await read(even, 2)).toEqual([2, 4]);
});

test('a reader that waits is woken', async () => {
  const broadcast = new Broadcast<string>();
  const values = broadcast.follow(new AbortController().signal);
  const next = values.next();
  broadcast.publish('now');
  expect(await next).toEqual({ done: false, value: 'now' });
});

test('a reader with a thousand unread is told that it is too slow, and nothing is kept for it', async () => {
  const broadcast = new Broadcast<number>();
  const { signal } = new AbortController();
  const [slow, quick] = [broadcast.follow(signal), broadcast.follow(signal)];
  for (let value = 0; value < 1000; value += 1) broadcast.publish(value);
  expect(await read(quick, 1000)).toHaveLength(1000);
  broadcast.publish(1000);
  expect(await read(quick, 1)).toEqual([1000]);
  await expect(slow.next()).rejects.toBeInstanceOf(SlowConsumer);
  expect(await slow.next()).toEqual({ done: true, value: undefined });
});

test('a thousand that wait are told all the same', async () => {
  const broadcast = new Broadcast<number>();
  const values = broadcast.follow(new AbortController().signal);
  for (let value = 0; value < 1000; value += 1) broadcast.publish(value);
  expect(await read(values, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
});

test('who is called away hears no more, also while it waits or before it began', async () => {
  const broadcast = new Broadcast<number>();
  const leaving = new AbortController();
  const [waiting, unread] = [broadcast.follow(leaving.signal), broadcast.follow(leaving.signal)];
  const next = waiting.next();
  leaving.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  broadcast.publish(1);
  expect(await unread.next()).toEqual({ done: true, value: undefined });
});

test('a listener stops when it wants to, and one that listens twice is told twice', () => {
  const broadcast = new Broadcast<number>();
  const heard: number[] = [];
  const run = (value: number) => void heard.push(value);
  const [stop] = [broadcast.listen(run), broadcast.listen(run)];
  broadcast.publish(1);
  stop?.();
  broadcast.publish(2);
  expect(heard).toEqual([1, 1, 2]);
});

test('however publishing, reading and coming take turns, a reader misses nothing and sees nothing twice', async () => {
  const step = fc.oneof(
    fc.constant({ kind: 'publish' as const }),
    fc.constant({ kind: 'come' as const }),
    fc.record({ kind: fc.constant('read' as const), who: fc.nat(4) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const broadcast = new Broadcast<number>();
      const { signal } = new AbortController();
      const readers: { values: AsyncGenerator<number, void>; next: number }[] = [];
      let published = 0;
      for (const one of steps) {
        if (one.kind === 'publish') broadcast.publish(published++);
        if (one.kind === 'come')
          readers.push({ values: broadcast.follow(signal), next: published });
        const reader = one.kind === 'read' ? readers[one.who] : undefined;
        if (reader === undefined || reader.next === published) continue;
        expect(await read(reader.values, 1)).toEqual([reader.next]);
        reader.next += 1;
      }
    }),
  );
});
