import { expect, test } from '@jest/globals';
import { toldEach } from '../../../../src/grpc/told/each.ts';
import { Doorbell } from '../../../../src/lib/doorbell.ts';
import { leavable } from '../../../../src/lib/leavable.ts';

async function* untilLeft(signal: AbortSignal) {
  yield 1;
  yield 2;
  await new Doorbell().rung(signal);
}

test('each is told, and one that waits for the next can be left', async () => {
  const all = toldEach(await leavable(untilLeft), (one) => `n${one}`);
  const told = all[Symbol.asyncIterator]();
  expect(await told.next()).toEqual({ done: false, value: 'n1' });
  expect(await told.next()).toEqual({ done: false, value: 'n2' });
  const waiting = told.next();
  expect(await told.return!()).toEqual({ done: true });
  expect(await waiting).toEqual({ done: true });
});
