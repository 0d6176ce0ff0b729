type Told = Record<string, unknown>;

const countOf = (told: unknown, name: string): number => Number((told as Told)?.[name] ?? 0);

/**
 * The ledger's columns for a usage object that the sandbox told, by OpenAI's documentation and
 * without the product's own reader, so that one can judge the other.
 */
export function classesTold(usage: object): Record<string, number> {
  const told = usage as Told;
  const prompt = told['prompt_tokens_details'] ?? told['input_tokens_details'];
  const inputs = prompt ?? told['input_token_details'];
  const outputs = told['completion_tokens_details'] ?? told['output_tokens_details'];
  const cached = countOf(inputs, 'cached_tokens');
  const written = countOf(inputs, 'cache_write_tokens');
  const heard = countOf(inputs, 'audio_tokens');
  const reasoning = countOf(outputs, 'reasoning_tokens');
  const input = countOf(told, 'prompt_tokens') + countOf(told, 'input_tokens');
  const output = countOf(told, 'completion_tokens') + countOf(told, 'output_tokens');
  return {
    input: input - cached - written - heard,
    cache_read: cached,
    cache_write: written,
    input_audio: heard,
    cache_read_audio: 0,
    output: output - reasoning,
    reasoning,
    output_audio: 0,
    images: 0,
    audio_millis: countOf(told, 'seconds') * 1000,
    requests: 0,
  };
}
