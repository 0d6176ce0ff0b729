import { createRequire } from 'node:module';
import { Tiktoken } from 'tiktoken/lite';

// The independent judge of counts: the tokenizer alone, each text as a whole, and OpenAI's documented
// frame of a chat. It shares no code with the product's counter.

interface Vocabulary {
  bpe_ranks: string;
  special_tokens: Record<string, number>;
  pat_str: string;
}

const read = createRequire(import.meta.url);
const vocabularies = new Map<string, Tiktoken>();

/** Tokens of one text. */
export function tokensOfText(text: string, encoding = 'o200k_base'): number {
  let vocabulary = vocabularies.get(encoding);
  if (vocabulary === undefined) {
    const file = read(`tiktoken/encoders/${encoding}.json`) as Vocabulary;
    vocabulary = new Tiktoken(file.bpe_ranks, file.special_tokens, file.pat_str);
    vocabularies.set(encoding, vocabulary);
  }
  return vocabulary.encode(text, [], []).length;
}

/** Tokens of a chat whose messages are nothing but text. */
export function tokensOfChat(messages: readonly { role: string; content: string }[]): number {
  return messages.reduce(
    (sum, { role, content }) => sum + 3 + tokensOfText(role) + tokensOfText(content),
    3,
  );
}
