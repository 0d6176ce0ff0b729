import { bearer } from './provider.ts';
import type { Provider } from './provider.ts';

/** https://docs.x.ai/docs/api-reference; a key that is not valid is told as a 400. */
export const xai: Provider = {
  id: 'xai',
  baseUrl: 'https://api.x.ai/v1',
  authorize: bearer,
  priceKey: (model) => ({ provider: 'x-ai', model }),
  chatCapNames: ['max_completion_tokens', 'max_tokens'],
  callerHeader: 'x-xai-api-key',
  refusesCredential(answer) {
    const { error } = (answer ?? {}) as { error?: unknown };
    return typeof error === 'string' && error.startsWith('Incorrect API key provided');
  },
};
