import { bearer } from './provider.ts';
import type { Provider } from './provider.ts';

/** "API key not valid", "API Key not found", "API key expired". */
const REFUSAL = /^API key (?:not|expired)/i;

/** The list of models says `models/gemini-...`; calls may say that too, but hardly ever do. */
const modelOf = (name: string) => name.replace(/^models\//, '');

/** Gemini under OpenAI's API (https://ai.google.dev/gemini-api/docs/openai): its paths have no `/v1`. */
export const google: Provider = {
  id: 'google',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  authorize: bearer,
  priceKey: (model) => ({ provider: 'google', model: modelOf(model) }),
  pathOf: (path) => path.replace(/^\/v1(?=\/)/, ''),
  modelOf,
  chatCapNames: ['max_completion_tokens', 'max_tokens'],
  callerHeader: 'x-google-api-key',
  // An error comes as such or as the only element of a list.
  refusesCredential(answer) {
    const [first] = [answer].flat() as ({ error?: { message?: unknown } } | null)[];
    const message = first?.error?.message;
    return typeof message === 'string' && REFUSAL.test(message);
  },
};
