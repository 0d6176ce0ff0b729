import { noUsage } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';

/** English text averages about four bytes a token; the rule every estimate here shares. */
const BYTES_PER_TOKEN = 4;
/** Output assumed when the client set no cap. */
const OUTPUT_TOKENS_DEFAULT = 1024;

export const tokensOf = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN);

/** What a text call may use: its input by size, its output by its cap (or the default) times `n`. */
export function estimateText(bodyBytes: number, fields: Record<string, unknown>): Usage {
  const cap = [
    fields['max_completion_tokens'],
    fields['max_output_tokens'],
    fields['max_tokens'],
  ].find((value) => typeof value === 'number');
  const choices = typeof fields['n'] === 'number' ? fields['n'] : 1;
  const output = (typeof cap === 'number' ? cap : OUTPUT_TOKENS_DEFAULT) * choices;
  return { ...noUsage(), input: tokensOf(bodyBytes), output: Math.min(output, 1e9) };
}

/** What a call with no text output may use. */
export function estimateInput(bodyBytes: number): Usage {
  return { ...noUsage(), input: tokensOf(bodyBytes) };
}
