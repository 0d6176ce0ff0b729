import { noUsage } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';

/** Providers have told 10^18 tokens; nothing real is near this. */
const TOKENS_MAX = 1_000_000_000;

type Told = Record<string, unknown>;

/** The `usage` object of an answer; Groq's streams tell it in their last chunk's `x_groq`. */
export function toldUsage(answer: Told): Told | null {
  if (isObject(answer['usage'])) return answer['usage'];
  const groq = answer['x_groq'];
  return isObject(groq) && isObject(groq['usage']) ? groq['usage'] : null;
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
  if (told['prompt_tokens'] === undefined && told['input_tokens'] !== undefined) {
    return responsesUsage(told);
  }
  if (told['prompt_tokens'] === undefined && told['total_tokens'] === undefined) return null;
  const usage = split(told, {
    input: told['prompt_tokens'] === undefined ? 'total_tokens' : 'prompt_tokens',
    inputDetails: 'prompt_tokens_details',
    output: 'completion_tokens',
    outputDetails: 'completion_tokens_details',
  });
  return usage === null ? null : withSearches(usage, told);
}

/**
 * What Perplexity charges beside the tokens of its total
 * (https://docs.perplexity.ai/getting-started/pricing): a fee for the request, or for deep research
 * its searches, the citations at the price of input, and reasoning that is not in the answer.
 */
function withSearches(usage: Usage, told: Told): Usage | null {
  // Of its models, only research tells both.
  const isResearch = ['citation_tokens', 'reasoning_tokens'].every(
    (name) => typeof told[name] === 'number',
  );
  if (!isResearch) {
    return typeof told['search_context_size'] === 'string' ? { ...usage, requests: 1 } : usage;
  }
  const counts = new Counts();
  const researched = {
    ...usage,
    input: usage.input + counts.of(told, 'citation_tokens'),
    reasoning: usage.reasoning + counts.of(told, 'reasoning_tokens'),
    requests: counts.of(told, 'num_search_queries'),
  };
  return counts.isSound ? researched : null;
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

interface Names {
  readonly input: string;
  readonly inputDetails: string;
  readonly output: string;
  readonly outputDetails: string;
}

/**
 * The disjoint classes of what is told. Where the total is more than input and output, the rest
 * stands beside them: Anthropic's cache tokens, xAI's reasoning, the thoughts of Gemini, which have
 * no name at all. The classes always sum up to the provider's own total, unless that is too small.
 */
function split(told: Told, names: Names): Usage | null {
  // A detail may be null; a total that is null was not counted.
  if (told[names.input] === null || told[names.output] === null) return null;
  const counts = new Counts();
  const input = counts.of(told, names.input);
  const output = counts.of(told, names.output);
  const beside = Math.max(0, counts.of(told, 'total_tokens') - input - output);
  const { cacheRead, cacheWrite, isBeside } = cacheTold(counts, told, names, beside);
  const cacheBeside = isBeside ? cacheRead + cacheWrite : 0;
  const unnamed = Math.max(0, beside - cacheBeside);
  const inputAudio = counts.of(told[names.inputDetails], 'audio_tokens');
  const outputAudio = counts.of(told[names.outputDetails], 'audio_tokens');
  const reasoning = Math.max(counts.of(told[names.outputDetails], 'reasoning_tokens'), unnamed);
  const usage = {
    ...noUsage(),
    input: remainder(counts, input + cacheBeside, cacheRead, cacheWrite, inputAudio),
    cacheRead,
    cacheWrite,
    inputAudio,
    output: remainder(counts, output + unnamed, reasoning, outputAudio),
    reasoning,
    outputAudio,
  };
  return counts.isSound ? usage : null;
}

/** OpenAI's names, then DeepSeek's, and Anthropic's, whose cache tokens are not part of its input. */
function cacheTold(
  counts: Counts,
  told: Told,
  names: Names,
  beside: number,
): { cacheRead: number; cacheWrite: number; isBeside: boolean } {
  const details = told[names.inputDetails];
  const isAnthropic =
    told['cache_read_input_tokens'] !== undefined ||
    told['cache_creation_input_tokens'] !== undefined;
  const cacheRead =
    counts.of(details, 'cached_tokens') ||
    counts.of(told, 'prompt_cache_hit_tokens') ||
    counts.of(told, 'cache_read_input_tokens');
  const cacheWrite =
    counts.of(details, 'cache_write_tokens') || counts.of(told, 'cache_creation_input_tokens');
  // Gateways that speak OpenAI's dialect count them in and keep the names: the total tells.
  const cached = cacheRead + cacheWrite;
  const isBeside =
    counts.of(told, 'total_tokens') > 0 ? beside >= cached : names.input === 'input_tokens';
  return { cacheRead, cacheWrite, isBeside: isAnthropic && isBeside };
}

/** Transcription: by tokens, or by the length of the audio. */
export function audioUsage(told: Told): Usage | null {
  if (told['type'] !== 'duration') return responsesUsage(told);
  const seconds = told['seconds'];
  if (typeof seconds !== 'number' || !(seconds >= 0) || seconds > 1e6) return null;
  return { ...noUsage(), audioMillis: Math.ceil(seconds * 1000) };
}
