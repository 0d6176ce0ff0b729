import { noUsage } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';

/** Providers have told 10^18 tokens; nothing real is near this. */
const TOKENS_MAX = 1_000_000_000;

type Told = Record<string, unknown>;

/** The `usage` object of an answer, wherever the endpoint keeps it. */
export function toldUsage(answer: Told): Told | null {
  return isObject(answer['usage']) ? answer['usage'] : null;
}

export const isObject = (value: unknown): value is Told =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON text as an object; null for everything else. */
export function parseObject(text: string): Told | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/**
 * Reads counts and remembers whether any was unbelievable (negative, fractional, text, absurd):
 * such a usage is worth nothing as a whole and must be replaced by our own count (trust M8).
 */
class Counts {
  isSound = true;

  /** Absent and null count as 0. */
  of(from: unknown, name: string): number {
    const value = isObject(from) ? from[name] : undefined;
    if (value === undefined || value === null) return 0;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= TOKENS_MAX) {
      return value;
    }
    this.isSound = false;
    return 0;
  }
}

/** The part of a total that its details do not name; details beyond their total are a lie. */
function remainder(counts: Counts, total: number, ...parts: number[]): number {
  const left = parts.reduce((sum, part) => sum - part, total);
  if (left >= 0) return left;
  counts.isSound = false;
  return 0;
}

/**
 * Chat completions, completions, embeddings, rerank
 * (https://platform.openai.com/docs/api-reference/chat/object): cached and audio tokens are part of
 * `prompt_tokens`, reasoning and audio tokens part of `completion_tokens`.
 */
export function chatUsage(told: Told): Usage | null {
  if (told['prompt_tokens'] === undefined && told['total_tokens'] === undefined) return null;
  return split(told, {
    input: told['prompt_tokens'] === undefined ? 'total_tokens' : 'prompt_tokens',
    inputDetails: 'prompt_tokens_details',
    output: 'completion_tokens',
    outputDetails: 'completion_tokens_details',
  });
}

/** Responses, images and audio by tokens: the same classes under other names. */
export function responsesUsage(told: Told): Usage | null {
  if (told['input_tokens'] === undefined) return null;
  return split(told, {
    input: 'input_tokens',
    inputDetails:
      told['input_tokens_details'] === undefined ? 'input_token_details' : 'input_tokens_details',
    output: 'output_tokens',
    outputDetails: 'output_tokens_details',
  });
}

function split(
  told: Told,
  names: { input: string; inputDetails: string; output: string; outputDetails: string },
): Usage | null {
  const counts = new Counts();
  const inputs = told[names.inputDetails];
  const outputs = told[names.outputDetails];
  const cached = counts.of(inputs, 'cached_tokens');
  const cacheWrite = counts.of(inputs, 'cache_write_tokens');
  const inputAudio = counts.of(inputs, 'audio_tokens');
  const reasoning = counts.of(outputs, 'reasoning_tokens');
  const outputAudio = counts.of(outputs, 'audio_tokens');
  const input = counts.of(told, names.input);
  const output = counts.of(told, names.output);
  // A detail may be null; a total that is null was not counted.
  if (told[names.input] === null || told[names.output] === null) return null;
  const usage = {
    ...noUsage(),
    input: remainder(counts, input, cached, cacheWrite, inputAudio),
    cacheRead: cached,
    cacheWrite,
    inputAudio,
    output: remainder(counts, output, reasoning, outputAudio),
    reasoning,
    outputAudio,
  };
  return counts.isSound ? usage : null;
}

/** Transcription: by tokens, or by the length of the audio. */
export function audioUsage(told: Told): Usage | null {
  if (told['type'] !== 'duration') return responsesUsage(told);
  const seconds = told['seconds'];
  if (typeof seconds !== 'number' || !(seconds >= 0) || seconds > 1e6) return null;
  return { ...noUsage(), audioMillis: Math.ceil(seconds * 1000) };
}
