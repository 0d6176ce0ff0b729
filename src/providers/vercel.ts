import { nanoFromUsd } from '../lib/money.ts';
import { bearer } from './provider.ts';
import type { Provider } from './provider.ts';

/**
 * Vercel AI Gateway: OpenAI's API with `provider/model` names, and `GET /v1/credits`, whose
 * amounts are decimal strings (https://vercel.com/docs/ai-gateway).
 */
export const vercel: Provider = {
  id: 'vercel',
  baseUrl: 'https://ai-gateway.vercel.sh/v1',
  authorize: bearer,
  priceKey: (model) => ({ provider: 'vercel', model }),
  // The model list is public.
  probePath: '/v1/credits',
  balance: {
    path: '/v1/credits',
    read(answer) {
      const { balance, total_used: used } = (answer ?? {}) as Record<string, unknown>;
      return { balanceNano: amount(balance, 'balance'), usedNano: amount(used, 'total_used') };
    },
  },
};

function amount(value: unknown, field: string): bigint {
  if (typeof value === 'string' || typeof value === 'number') return nanoFromUsd(value);
  throw new TypeError(`the credits answer has no ${field}`);
}
