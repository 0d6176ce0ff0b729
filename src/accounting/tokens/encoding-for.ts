/** OpenAI's vocabularies for its chat models, old and new. */
export type Encoding = 'cl100k_base' | 'o200k_base';

/** Whose tokens are those of `cl100k_base` (https://github.com/openai/tiktoken, model.py). */
const OLDER =
  /^(?:ft:)?(?:gpt-4(?:$|-)|gpt-3\.5|gpt-35|text-embedding-(?:ada-002|3-)|davinci-002|babbage-002)/;

/**
 * How a model cuts text into tokens, by its name with or without its maker's. Other makers' vocabularies
 * are not published, or differ with each model: the newest of OpenAI's stands for them.
 */
export function encodingFor(model: string): Encoding {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  return OLDER.test(name) ? 'cl100k_base' : 'o200k_base';
}
