/** What of a prompt is to be counted. */
export interface Prompt {
  /** Each is tokenized by itself. */
  readonly texts: readonly string[];
  /** Known without a tokenizer: what frames the texts, and pictures by their provider's rule. */
  readonly tokens: number;
  /** Of sound, which has a price of its own. */
  readonly audioTokens: number;
}

/** Collects a prompt. */
export class PromptParts implements Prompt {
  readonly texts: string[] = [];
  tokens = 0;
  audioTokens = 0;

  /** Whatever is no text is none. */
  say(text: unknown): void {
    if (typeof text === 'string' && text !== '') this.texts.push(text);
  }
}

type Fields = Readonly<Record<string, unknown>>;

export const isPart = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The objects of a list; none of anything else. */
export const partsOf = (value: unknown): Fields[] =>
  Array.isArray(value) ? value.filter(isPart) : [];

/**
 * A text, several, or their tokens as numbers, in a list or in several: what completions and embeddings
 * take.
 */
export function plainPrompt(input: unknown): Prompt {
  const prompt = new PromptParts();
  for (const one of Array.isArray(input) ? (input as unknown[]) : [input]) {
    if (typeof one === 'number') prompt.tokens += 1;
    else if (Array.isArray(one)) prompt.tokens += one.length;
    else prompt.say(isPart(one) ? one['text'] : one);
  }
  return prompt;
}

/** The query again with each document, which is what is read and billed. */
export function rerankPrompt({ query, documents }: Fields): Prompt {
  const prompt = new PromptParts();
  for (const document of Array.isArray(documents) ? (documents as unknown[]) : []) {
    prompt.say(query);
    prompt.say(isPart(document) ? document['text'] : document);
  }
  return prompt;
}
