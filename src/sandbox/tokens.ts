import type { Units } from './units.ts';

const BYTES_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 3;
/** A flat price for what is not text (an image, a sound) inside a message. */
const TOKENS_PER_MEDIUM = 85;

/** The sandbox's rule: one token per four UTF-8 bytes, rounded up. */
export function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** The longest output, in bytes, that stays within a token cap. */
export function bytesWithin(tokens: number): number {
  return tokens * BYTES_PER_TOKEN;
}

/** A message costs three tokens plus its text; `media` counts its parts that are not text. */
export function countMessage(text: string, media: number): number {
  return TOKENS_PER_MESSAGE + countTokens(text) + media * TOKENS_PER_MEDIUM;
}

/** What `x-sandbox-usage` may dictate. Absent fields keep the honest count. */
export interface UsageOverride {
  prompt?: number;
  completion?: number;
  cached?: number;
  cacheWrite?: number;
  reasoning?: number;
}

/**
 * Honest units with the caller's wishes applied: cached and cache-write tokens are part of the
 * input (which grows if it is smaller), reasoning tokens come on top of the visible output.
 */
export function unitsOf(input: number, output: number, wish: UsageOverride = {}): Units {
  const cached = wish.cached ?? 0;
  const cacheWrite = wish.cacheWrite ?? 0;
  const reasoning = wish.reasoning ?? 0;
  return {
    input: Math.max(wish.prompt ?? input, cached + cacheWrite),
    cached,
    cacheWrite,
    output: (wish.completion ?? output) + reasoning,
    reasoning,
  };
}

/** `usage` of chat and legacy completions. */
export function completionUsage(units: Units): object {
  return {
    prompt_tokens: units.input,
    completion_tokens: units.output,
    total_tokens: units.input + units.output,
    prompt_tokens_details: { cached_tokens: units.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: units.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** `usage` of the Responses API. */
export function responsesUsage(units: Units): object {
  return {
    input_tokens: units.input,
    input_tokens_details: { cached_tokens: units.cached, cache_write_tokens: units.cacheWrite },
    output_tokens: units.output,
    output_tokens_details: { reasoning_tokens: units.reasoning },
    total_tokens: units.input + units.output,
  };
}
