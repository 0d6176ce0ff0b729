import type { LooseFile } from '../config/loose-schema.ts';
import type { Provider } from '../providers/provider.ts';
import { providerNames } from './repricing.ts';

/** Any provider. */
export const ANY = '*';

type Providers = ReadonlyMap<string, Provider>;

/**
 * Why a price for a provider would be for nothing: it would lie there unused, and nobody would know.
 * Null for one that calls are priced by.
 */
export function unknownProvider(provider: string, providers: Providers): string | null {
  const known = new Set([ANY, ...providerNames(providers)]);
  if (known.has(provider.trim().toLowerCase())) return null;
  return `there is no "${provider}"; known: ${[...known].join(', ')}`;
}

export function priceMistakes(prices: LooseFile['prices'], providers: Providers): string[] {
  return prices.flatMap(({ provider = ANY }, index) => {
    const mistake = unknownProvider(provider, providers);
    return mistake === null ? [] : [`prices[${index}].provider: ${mistake}`];
  });
}
