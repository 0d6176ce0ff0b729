import { chatCompletions } from './chat-completions.ts';
import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/completions (legacy): metered as chat is. */
export const completions: Endpoint = {
  ...chatCompletions,
  id: 'completions',
  path: '/v1/completions',
};
