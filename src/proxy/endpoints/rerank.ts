import { estimateInput } from '../../accounting/estimate.ts';
import type { PriceSheet } from '../../accounting/prices/price-row.ts';
import { rerankPrompt } from '../../accounting/prompts/prompt.ts';
import { noUsage } from '../../entities/usage.ts';
import type { Usage } from '../../entities/usage.ts';
import { chatUsage, isObject, toldUsage } from '../usage-readers.ts';
import type { Asked, Endpoint } from './endpoint.ts';

/**
 * Cohere's shape (`meta.billed_units.search_units`), which is what it charges by, or Jina's
 * (`usage.total_tokens`).
 */
function rerankUsage(answer: Record<string, unknown>): Usage | null {
  const meta = isObject(answer['meta']) ? answer['meta'] : {};
  const billed = isObject(meta['billed_units']) ? meta['billed_units'] : {};
  const units = billed['search_units'];
  if (typeof units === 'number' && Number.isInteger(units) && units >= 0 && units <= 1e6) {
    return { ...noUsage(), requests: units };
  }
  const told = toldUsage(answer);
  return told === null ? null : chatUsage(told);
}

/** A search has up to a hundred documents (https://cohere.com/pricing). */
const DOCUMENTS_PER_SEARCH = 100;

/** By searches alone where the price has no tokens. */
const isBySearches = (price: PriceSheet | undefined): boolean =>
  price?.rates.requests !== undefined && price.rates.input === undefined;

function estimate({ bytes, fields }: Asked, price?: PriceSheet): Usage {
  const usage = isBySearches(price) ? noUsage() : estimateInput(bytes);
  if (price?.rates.requests === undefined) return usage;
  const { documents } = fields;
  const count = Array.isArray(documents) ? documents.length : 1;
  return { ...usage, requests: Math.ceil(Math.max(1, count) / DOCUMENTS_PER_SEARCH) };
}

export const rerank: Endpoint = {
  id: 'rerank',
  method: 'POST',
  path: '/v1/rerank',
  body: 'json',
  model: 'required',
  isStructured: true,
  list: 'results',
  isRepeatable: false,
  meter: {
    kind: 'usage',
    read: rerankUsage,
    estimate,
    prompt: ({ fields }, price) => (isBySearches(price) ? null : rerankPrompt(fields)),
    hasFee: true,
  },
};
