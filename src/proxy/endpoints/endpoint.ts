import type { PriceSheet } from '../../accounting/prices/price-row.ts';
import type { Prompt } from '../../accounting/prompts/prompt.ts';
import type { Usage } from '../../entities/usage.ts';
import type { Pool } from '../../pool/pool.ts';
import type { KeyEntry } from '../virtual-keys.ts';
import type { StreamReader } from '../stream-reader.ts';

/** What a client asked for, read from its body once. */
export interface Asked {
  /** Empty for endpoints without one. */
  readonly model: string;
  /** Top-level fields of a JSON body, text fields of a form. */
  readonly fields: Record<string, unknown>;
  /** Size of the body, 0 when it is streamed through unread. */
  readonly bytes: number;
}

/** How the cost of a call is known. An endpoint without one cannot be registered. */
export type Meter =
  /** No provider charges for it. */
  | { readonly kind: 'free' }
  /** It may cost something that nobody tells us; recorded as unpriced. */
  | { readonly kind: 'unpriced' }
  | {
      readonly kind: 'usage';
      /** From a parsed answer; null when it tells none that can be believed. */
      read(answer: Record<string, unknown>, asked: Asked): Usage | null;
      /**
       * What to hold before the call, and to charge where the answer tells nothing and nothing can be
       * counted; in the classes that the price has, if it is known.
       */
      estimate(asked: Asked, price?: PriceSheet): Usage;
      /** What of the prompt can be counted; null where that is nothing. */
      prompt?(asked: Asked, price?: PriceSheet): Prompt | null;
      /** Its output is text, and can be counted; any other is charged as estimated. */
      readonly saysText?: true;
      /** A price may have a fee for each request, beside that for tokens. */
      readonly hasFee?: true;
    };

/** One `/v1` endpoint: how model, stream and usage are read. One row each. */
export interface Endpoint {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'PATCH';
  /** `*` stands for one path segment. */
  readonly path: string;
  /** `opaque` bodies stream through unread. */
  readonly body: 'json' | 'multipart' | 'opaque' | 'none';
  readonly model: 'required' | 'none';
  readonly meter: Meter;
  /** A call that may have been executed may be sent again: true only where that costs nothing. */
  readonly isRepeatable: boolean;
  /** It answers JSON or an event stream, and nothing else. */
  readonly isStructured?: true;
  /** The list that its JSON always has, and that is never empty. */
  readonly list?: string;
  /** Answered from what the pool knows; null when that is not enough, and an upstream is to be asked. */
  readonly here?: (pool: Pool, path: string, key: Pick<KeyEntry, 'scope'>) => object | null;
  /** Reads its event stream; absent when it never streams. */
  readonly stream?: () => StreamReader;
  /** `stream_options.include_usage` makes its streams tell their usage. */
  readonly tellsUsageOnRequest?: true;
  /** MiB; the configured limit unless given. */
  readonly bodyLimitMb?: number;
}
