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
  /**
   * Names under which its chat heeds a cap of the output, the best first; `max_tokens` unless given.
   */
  readonly chatCapNames?: readonly string[];
  /** The upstream's path for one of ours, those named here too; the same unless given. */
  pathOf?(path: string): string;
  /** Where the models are listed; `/v1/models` unless given, null when nowhere. */
  readonly modelsPath?: string | null;
  /** The name that calls say for one that was listed; the same unless given. */
  modelOf?(listed: string): string;
  /**
   * What only a working credential may read; `/v1/models` unless given. 400 and 401 say that this
   * one does not work, 2xx and 404 that it does, any other answer says neither.
   */
  readonly probePath?: string;
  /**
   * Whether a 400 is about the credential and not the request, from its parsed body; never, unless
   * given. What a client can have repeated in an error must not decide it.
   */
  refusesCredential?(answer: unknown): boolean;
  /** Lower-case name of the header by which a caller brings a credential of its own. */
  readonly callerHeader?: string;
  /** Set when calls carry a short-lived token that the secret is exchanged for. */
  readonly accessToken?: AccessTokenSource;
  /** How to ask for the account's balance; absent when the provider has none to ask for. */
  readonly balance?: BalanceSource;
}

export interface BalanceSource {
  /** Path below the base URL. */
  readonly path: string;
  /** Nano-USD from the parsed answer; throws when it is not the documented shape. */
  read(answer: unknown): { balanceNano: bigint; usedNano: bigint };
}

/** How a secret becomes the token that calls carry (OAuth 2.0 client credentials and the like). */
export interface AccessTokenSource {
  /** The request that gives a token; `id` is a new UUIDv4 for providers that want one. */
  request(
    secret: string,
    id: string,
  ): { url: string; headers: Record<string, string>; body: string };
  /** From the parsed answer; throws when it is not the documented shape. */
  read(answer: unknown): { token: string; expiresAtMs: number };
}

/** Splits a configured base URL; a trailing `/v1` is cut because paths arrive with their own. */
export function splitBaseUrl(baseUrl: string): { origin: string; prefix: string } {
  const url = new URL(baseUrl);
  const prefix = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  return { origin: url.origin, prefix };
}

export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
