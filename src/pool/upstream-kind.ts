/** What the pool needs to know of a provider; the registry's providers have this shape. */
export interface UpstreamKind {
  readonly id: string;
  authorize(secret: string): Record<string, string>;
  readonly clientHeaderPrefixes?: readonly string[];
  priceKey(model: string): { provider: string; model: string };
  readonly chatCapNames?: readonly string[];
  pathOf?(path: string): string;
  readonly modelsPath?: string | null;
  modelOf?(listed: string): string;
  readonly probePath?: string;
  refusesCredential?(answer: unknown): boolean;
  readonly callerHeader?: string;
  readonly accessToken?: {
    request(
      secret: string,
      id: string,
    ): { url: string; headers: Record<string, string>; body: string };
    read(answer: unknown): { token: string; expiresAtMs: number };
  };
  readonly balance?: {
    readonly path: string;
    read(answer: unknown): { balanceNano: bigint; usedNano: bigint };
  };
}

/** Whether an error body says that the credential is to blame, whatever its status. */
export function refusesCredential(kind: UpstreamKind, body: string): boolean {
  if (kind.refusesCredential === undefined) return false;
  try {
    return kind.refusesCredential(JSON.parse(body));
  } catch {
    return false;
  }
}
