import { vercel } from './vercel.ts';
import type { Provider } from './provider.ts';

/** Our own fleet (`src/sandbox`): Vercel's API, and faults on demand by `x-sandbox-*` headers. */
export const sandbox: Provider = {
  ...vercel,
  id: 'sandbox',
  chatCapNames: ['max_completion_tokens', 'max_tokens'],
  clientHeaderPrefixes: ['x-sandbox-'],
  priceKey: (model) =>
    model.includes('/') ? vercel.priceKey(model) : { provider: 'openai', model },
};
