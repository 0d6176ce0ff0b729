import { estimateInput } from '../../accounting/estimate.ts';
import { noUsage } from '../../entities/usage.ts';
import type { Usage } from '../../entities/usage.ts';
import { chatUsage, isObject, toldUsage } from '../usage-readers.ts';
import type { Endpoint } from './endpoint.ts';

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

export const rerank: Endpoint = {
  id: 'rerank',
  method: 'POST',
  path: '/v1/rerank',
  body: 'json',
  model: 'required',
  isStructured: true,
  list: 'results',
  isRepeatable: false,
  meter: { kind: 'usage', read: rerankUsage, estimate: (asked) => estimateInput(asked.bytes) },
};
