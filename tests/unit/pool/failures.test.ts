import { expect, test } from '@jest/globals';
import { Failures } from '../../../src/pool/failures.ts';
import { theFacts } from './fixture.ts';

test.each([0, 1, 9, 10, 11, 25])('of %i failures the last ten are kept, newest first', (count) => {
  const failures = new Failures();
  const all = Array.from({ length: count }, (_each, nth) => theFacts({ requestId: `r${nth}` }));
  for (const facts of all) failures.note(facts);
  expect(failures.list()).toEqual(all.toReversed().slice(0, 10));
});
