import { describe, expect, test } from '@jest/globals';
import type { PriceSheet } from '../../../src/accounting/prices/price-row.ts';
import type { Ticket } from '../../../src/accounting/ticket.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import { RunningCost } from '../../../src/proxy/running-cost.ts';

/** A dollar per million of input, ten of output: 10,000 nano-USD a token. */
const PRICE: PriceSheet = { rates: { input: 1_000_000_000n, output: 10_000_000_000n }, tiers: [] };
const TOKEN_NANO = 10_000n;

/** Holds so much, and can hold up to a cap. */
function aSpend(
  { heldNano, capNano }: { heldNano: bigint; capNano: bigint },
  {
    output = 1024,
    isCapped = false,
    input = 0,
    price = PRICE,
  }: { output?: number; isCapped?: boolean; input?: number; price?: PriceSheet | null } = {},
) {
  const ticket = {
    heldNano,
    looks: 0,
    holdsAtLeast(amountNano: bigint, sliceNano: bigint) {
      this.looks += 1;
      if (amountNano <= this.heldNano) return true;
      for (const wanted of [this.heldNano + sliceNano, amountNano]) {
        if (wanted < amountNano || wanted > capNano) continue;
        this.heldNano = wanted;
        return true;
      }
      return false;
    },
  };
  const estimate = { ...noUsage(), input, output };
  const spend = new RunningCost(ticket as unknown as Ticket, price ?? undefined, {
    estimate,
    isCapped,
  });
  return { spend, ticket };
}

/** The first size, in bytes, that is not paid for any more. */
const endOf = (spend: RunningCost, most = 100_000): number | null => {
  for (let bytes = 0; bytes <= most; bytes += 4) if (!spend.covers(bytes)) return bytes;
  return null;
};

describe('an answer', () => {
  test('ends with the token that its budgets cannot pay', () => {
    const { spend } = aSpend({ heldNano: 1024n * TOKEN_NANO, capNano: 3000n * TOKEN_NANO });
    expect(endOf(spend)).toBe(3001 * 4);
  });

  test('is held for before it is produced, a slice at a time', () => {
    const { spend, ticket } = aSpend({ heldNano: 1024n * TOKEN_NANO, capNano: 10n ** 18n });
    spend.covers(767 * 4);
    expect(ticket.heldNano).toBe(1024n * TOKEN_NANO);
    spend.covers(769 * 4 + 1024);
    expect(ticket.heldNano).toBe(2048n * TOKEN_NANO);
  });

  test('is not looked at between two steps', () => {
    const { spend, ticket } = aSpend({ heldNano: 10n ** 12n, capNano: 10n ** 12n });
    for (let bytes = 0; bytes < 10_240; bytes += 1) spend.covers(bytes);
    expect(ticket.looks).toBe(10);
  });

  test('also costs its prompt', () => {
    const { spend } = aSpend({ heldNano: 0n, capNano: 100n * TOKEN_NANO + 50_000n }, { input: 50 });
    expect(endOf(spend)).toBe(101 * 4);
  });

  test.each([
    ['nobody knows the price', { price: null }],
    ['its text costs nothing', { output: 0 }],
  ])('goes on where %s', (_why, given) => {
    const { spend } = aSpend({ heldNano: 0n, capNano: 0n }, given);
    expect(endOf(spend)).toBeNull();
  });
});

describe("a cap of the client's own", () => {
  const exact = { heldNano: 100n * TOKEN_NANO, capNano: 100n * TOKEN_NANO };

  test('bounds the cost, however many bytes its tokens have', () => {
    const { spend } = aSpend(exact, { output: 100, isCapped: true });
    expect(endOf(spend, 4 * 400)).toBeNull();
  });

  test('is not believed of an upstream that goes far beyond it', () => {
    const { spend } = aSpend(exact, { output: 100, isCapped: true });
    expect(endOf(spend)).toBe(401 * 4);
  });

  test('is no estimate: without it the same bytes are too many', () => {
    const { spend } = aSpend(exact, { output: 100 });
    expect(endOf(spend)).toBe(101 * 4);
  });
});
