import { noUsage } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';

/** English text averages about four bytes a token; the rule every estimate here shares. */
const BYTES_PER_TOKEN = 4;
/** Output assumed when the client set no cap. */
export const OUTPUT_TOKENS_DEFAULT = 1024;

export const tokensOf = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN);

const CAP_NAMES = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'];

/** What the client allows an answer to be at most; undefined when it set no cap. */
export const outputCapOf = (fields: Record<string, unknown>): number | undefined =>
  CAP_NAMES.map((name) => fields[name]).find((value) => typeof value === 'number');

/** What a text call may use: its input by size, its output by its cap (or the default) times `n`. */
export function estimateText(bodyBytes: number, fields: Record<string, unknown>): Usage {
  const choices = typeof fields['n'] === 'number' ? fields['n'] : 1;
  const output = (outputCapOf(fields) ?? OUTPUT_TOKENS_DEFAULT) * choices;
  return { ...noUsage(), input: tokensOf(bodyBytes), output: Math.min(output, 1e9) };
}

/** What a call with no text output may use. */
export function estimateInput(bodyBytes: number): Usage {
  return { ...noUsage(), input: tokensOf(bodyBytes) };
}
