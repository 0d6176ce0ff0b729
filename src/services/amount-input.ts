import { z } from 'zod';
import { nanoFromUsd } from '../lib/money.ts';

/** Dollars as text or number, or nano-USD; nano-USD inside. */
export const dollars = (isFine: (nano: bigint) => boolean, message: string) =>
  z.union([z.string(), z.number(), z.bigint()]).transform((amount, context): bigint => {
    const nano = nanoOf(amount);
    if (nano !== null && isFine(nano)) return nano;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

function nanoOf(amount: string | number | bigint): bigint | null {
  if (typeof amount === 'bigint') return amount;
  try {
    return nanoFromUsd(typeof amount === 'string' ? amount.trim() : amount);
  } catch {
    return null;
  }
}
