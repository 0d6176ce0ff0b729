import type { Usage } from '../../entities/usage.ts';
import { promptTokensOf, ratesFor } from './price-row.ts';
import type { PriceSheet } from './price-row.ts';

/**
 * Endpoints where a price may have a fee for each request, beside that for tokens, by the ids that
 * records have: those whose meters say so.
 */
const ENDPOINTS_WITH_FEE: ReadonlySet<string> = new Set([
  'chat.completions',
  'completions',
  'embeddings',
  'rerank',
  'responses',
]);

export const hasFee = (endpointId: string): boolean => ENDPOINTS_WITH_FEE.has(endpointId);

/** A usage with one request, where the price has a fee for it and its provider did not tell how many. */
export function withFee(usage: Usage, price: PriceSheet | undefined): Usage {
  if (price === undefined || usage.requests > 0) return usage;
  const { requests: fee } = ratesFor(price, promptTokensOf(usage));
  return fee === undefined ? usage : { ...usage, requests: 1 };
}
