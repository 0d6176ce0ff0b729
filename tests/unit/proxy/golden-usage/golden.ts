import type { Usage, UsageClass } from '../../../../src/entities/usage.ts';

/** USD for a million units of a class, as published. */
export type Prices = { readonly [usageClass in UsageClass]?: string };

/** A usage as a provider tells it, and what it must be taken for. */
export interface Golden {
  readonly name: string;
  /** Where the wire object is documented or was recorded. */
  readonly source: string;
  /** Endpoints that must read it alike, plain and at the end of a stream. */
  readonly endpoints: readonly string[];
  readonly usage: object;
  /** Classes that are not 0. */
  readonly units: Partial<Usage>;
  /** What the provider says that all of it is; null where it says nothing or leaves a part out. */
  readonly total: number | null;
  readonly prices: Prices;
  /** USD, worked out by hand, or told by the provider itself. */
  readonly cost: string;
}

/** A stream as it comes, and the usage that is left when it is over; null if there is none. */
export interface GoldenStream {
  readonly name: string;
  readonly source: string;
  readonly endpoint: string;
  readonly events: readonly object[];
  readonly units: Partial<Usage> | null;
}

export const CHAT = ['chat.completions'];
export const RESPONSES = ['responses'];
