import { bearer } from './provider.ts';
import type { Provider } from './provider.ts';

/** https://platform.openai.com/docs/api-reference/authentication */
export const openai: Provider = {
  id: 'openai',
  baseUrl: 'https://api.openai.com/v1',
  authorize: bearer,
  priceKey: (model) => ({ provider: 'openai', model }),
  // Its reasoning models refuse the old name.
  chatCapNames: ['max_completion_tokens', 'max_tokens'],
};
