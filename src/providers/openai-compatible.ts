import { bearer } from './provider.ts';
import type { Provider } from './provider.ts';

/** Anything that speaks OpenAI's API. Its prices come from the configuration or OpenAI's list. */
export const openaiCompatible: Provider = {
  id: 'openai-compatible',
  authorize: bearer,
  priceKey: (model) => ({ provider: 'openai', model }),
};
