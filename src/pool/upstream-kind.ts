/** What the pool needs to know of a provider; the registry's providers have this shape. */
export interface UpstreamKind {
  readonly id: string;
  authorize(secret: string): Record<string, string>;
  readonly clientHeaderPrefixes?: readonly string[];
  priceKey(model: string): { provider: string; model: string };
  readonly balance?: {
    readonly path: string;
    read(answer: unknown): { balanceNano: bigint; usedNano: bigint };
  };
}
