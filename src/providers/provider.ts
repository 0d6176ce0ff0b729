/** A kind of API. Providers are stateless: everything about one account is in its credential. */
export interface Provider {
  readonly id: string;
  /** Used when a credential names no base URL; undefined means it must. */
  readonly baseUrl?: string;
  /** The headers that carry the credential upstream. */
  authorize(secret: string): Record<string, string>;
  /** Client headers passed on besides the common ones, as lower-case prefixes. */
  readonly clientHeaderPrefixes?: readonly string[];
  /** Whose price list a model is on, and under which name. */
  priceKey(model: string): { provider: string; model: string };
  /** How to ask for the account's balance; absent when the provider has none to ask for. */
  readonly balance?: BalanceSource;
}

export interface BalanceSource {
  /** Path below the base URL. */
  readonly path: string;
  /** Nano-USD from the parsed answer; throws when it is not the documented shape. */
  read(answer: unknown): { balanceNano: bigint; usedNano: bigint };
}

/** Splits a configured base URL; a trailing `/v1` is cut because paths arrive with their own. */
export function splitBaseUrl(baseUrl: string): { origin: string; prefix: string } {
  const url = new URL(baseUrl);
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  return { origin: url.origin, prefix };
}

export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
