import { expect, test } from '@jest/globals';
import { withFee } from '../../../../src/accounting/prices/fee.ts';
import type { PriceSheet } from '../../../../src/accounting/prices/price-row.ts';
import { noUsage } from '../../../../src/entities/usage.ts';

const USAGE = { ...noUsage(), input: 10, output: 5 };
const FEE: PriceSheet = { rates: { input: 1n, output: 1n, requests: 5_000n }, tiers: [] };
const ABOVE: PriceSheet = {
  rates: { input: 1n, output: 1n },
  tiers: [{ startsAbove: 9, rates: { input: 2n, output: 2n, requests: 5_000n } }],
};

test.each<[string, PriceSheet | undefined, told: number, requests: number]>([
  ['a fee is owed once', FEE, 0, 1],
  ['unless its provider told how many', FEE, 21, 21],
  ['also where only the tier of the call has one', ABOVE, 0, 1],
  ['and none where the price has none', { rates: { input: 1n }, tiers: [] }, 0, 0],
  ['or where there is no price', undefined, 0, 0],
])('%s', (_name, price, told, requests) => {
  expect(withFee({ ...USAGE, requests: told }, price)).toEqual({ ...USAGE, requests });
});
