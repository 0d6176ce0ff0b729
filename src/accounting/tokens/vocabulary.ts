import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Tiktoken } from 'tiktoken/lite';
import type { Encoding } from './encoding-for.ts';
import { slicesOf } from './slices.ts';

interface VocabularyFile {
  readonly bpe_ranks: string;
  readonly special_tokens: Record<string, number>;
  readonly pat_str: string;
}

const loaded = new Map<Encoding, Tiktoken>();

/** Reading one takes some tenths of a second, and 30 to 60 MB of memory for as long as the thread lives. */
function vocabularyOf(encoding: Encoding): Tiktoken {
  const known = loaded.get(encoding);
  if (known !== undefined) return known;
  const path = createRequire(import.meta.url).resolve(`tiktoken/encoders/${encoding}.json`);
  const file = JSON.parse(readFileSync(path, 'utf8')) as VocabularyFile;
  const vocabulary = new Tiktoken(file.bpe_ranks, file.special_tokens, file.pat_str);
  loaded.set(encoding, vocabulary);
  return vocabulary;
}

/**
 * Tokens of all texts, each by itself. What looks like a special token is text like any other. The time
 * this takes grows with the length of the texts, whatever is in them.
 */
export function countTokens(encoding: Encoding, texts: Iterable<string>): number {
  const vocabulary = vocabularyOf(encoding);
  let tokens = 0;
  for (const text of texts) {
    for (const slice of slicesOf(text)) tokens += vocabulary.encode_ordinary(slice).length;
  }
  return tokens;
}
