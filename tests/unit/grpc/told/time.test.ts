import { expect, test } from '@jest/globals';
import { toldTime } from '../../../../src/grpc/told/time.ts';

test.each([
  [1_777_777_777_123, { seconds: 1_777_777_777, nanos: 123_000_000 }],
  [0, { seconds: 0, nanos: 0 }],
  [-1, { seconds: -1, nanos: 999_000_000 }],
])('%d ms is told as %p', (ms, told) => {
  expect(toldTime(ms)).toEqual(told);
});

test('what is not known is absent', () => {
  expect(toldTime(null)).toBeNull();
});
