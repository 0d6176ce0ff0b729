import { expect, test } from '@jest/globals';
import { Doorbell } from '../../../src/lib/doorbell.ts';
import { leavable } from '../../../src/lib/leavable.ts';

async function* forever(signal: AbortSignal, left: string[]): AsyncGenerator<number, void> {
  try {
    yield 1;
    await new Doorbell().rung(signal);
  } finally {
    left.push('cleaned up');
  }
}

test('a generator that waits for ever ends when it is left', async () => {
  const left: string[] = [];
  const values = await leavable((signal) => forever(signal, left));
  expect(await values.next()).toEqual({ done: false, value: 1 });
  const next = values.next();
  expect(left).toEqual([]);
  await values.return();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(left).toEqual(['cleaned up']);
});

test('one that is left before it began tells those who listened from the start', async () => {
  let isLeft = false;
  const values = await leavable((signal) => {
    signal.addEventListener('abort', () => (isLeft = true));
    return forever(signal, []);
  });
  await values.return();
  expect(isLeft).toBe(true);
  expect(await values.next()).toEqual({ done: true, value: undefined });
});

test('who leaves a loop leaves the generator', async () => {
  const left: string[] = [];
  for await (const value of await leavable((signal) => forever(signal, left))) {
    expect(value).toBe(1);
    break;
  }
  expect(left).toEqual(['cleaned up']);
});
