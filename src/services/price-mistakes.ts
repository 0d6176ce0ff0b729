import type { LooseFile } from '../config/loose-schema.ts';
import type { Provider } from '../providers/provider.ts';
import { providerNames } from './repricing.ts';

const ANY = '*';

/** Prices for a provider that no call is ever priced by would lie there unused, and nobody would know. */
export function priceMistakes(
  prices: LooseFile['prices'],
  providers: ReadonlyMap<string, Provider>,
): string[] {
  const known = new Set([ANY, ...providerNames(providers)]);
  return prices.flatMap(({ provider = ANY }, index) => {
    if (known.has(provider.trim().toLowerCase())) return [];
    const names = [...known].join(', ');
    return [`prices[${index}].provider: there is no "${provider}"; known: ${names}`];
  });
}
