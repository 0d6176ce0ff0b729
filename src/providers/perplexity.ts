import { bearer } from './provider.ts';
import type { Provider } from './provider.ts';

const UNVERSIONED = new Set(['/v1/chat/completions', '/v1/search']);

/**
 * https://docs.perplexity.ai/api-reference. Chat completions and search have no `/v1`; responses,
 * which took the place of chat completions in September 2026, and embeddings have one. `/v1/models`
 * is public and knows the models of responses only: it neither lists what is served nor proves a
 * key. To ask for a response that never was does: 404, or 401.
 */
export const perplexity: Provider = {
  id: 'perplexity',
  baseUrl: 'https://api.perplexity.ai',
  authorize: bearer,
  priceKey: (model) => ({ provider: 'perplexity', model }),
  pathOf: (path) => (UNVERSIONED.has(path) ? path.slice('/v1'.length) : path),
  modelsPath: null,
  probePath: '/v1/agent/resp_0',
  callerHeader: 'x-perplexity-api-key',
};
