import { expect, test } from '@jest/globals';
import { costHeader } from '../../../src/proxy/cost-header.ts';

test.each([
  [0n, '0.00'],
  [1n, '0.000000001'],
  [4_500n, '0.0000045'],
  [12_340_000_000n, '12.34'],
])('%s nano-dollars are told as %s', (costNano, text) => {
  expect(costHeader({ costNano, isPriced: true })).toEqual({ 'x-tollgate-cost': text });
});

test('what is not known, or only in part, is not told', () => {
  expect(costHeader({ costNano: 0n, isPriced: false })).toEqual({});
  expect(costHeader({ costNano: 77n, isPriced: false })).toEqual({});
});
