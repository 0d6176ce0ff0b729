import { PromptTally } from './prompt-tally.ts';
import { isPart, textBytes } from './rule.ts';
import type { BoundAsked, BoundRule, Obstacles } from './rule.ts';

/** Texts, token ids, or objects with a text or a picture: the bytes bound all but the last. */
function tally(asked: BoundAsked, name: string, obstacles: Obstacles): PromptTally {
  const sum = new PromptTally(obstacles);
  const input = asked.fields[name];
  for (const entry of Array.isArray(input) ? (input as unknown[]) : [input]) {
    if (!isPart(entry)) continue;
    if (entry['image'] !== undefined) sum.image(entry['image']);
    else if (typeof entry['text'] !== 'string') obstacles.set(name, 'has content of no known form');
  }
  return sum;
}

export const embeddingBound: BoundRule = {
  capNames: [],
  capDefault: 0,
  isByTokens: true,
  ceiling: (asked, _cap, obstacles) => ({
    prompt: tally(asked, 'input', obstacles).tokens(asked.bytes),
    hasAudio: false,
    output: 0,
    requests: 1,
  }),
};

/**
 * Cohere: a search unit is a query with up to 100 documents; longer ones than 500 tokens, the query
 * included, are cut in pieces that count as documents (https://cohere.com/pricing).
 */
const DOCUMENTS_PER_UNIT = 100;
const TOKENS_PER_PIECE = 500;
/** Marks around query and piece. */
const TOKENS_OF_MARKS = 4;

/** Billed by searches, or by tokens: those of the query again with each document. */
export const rerankBound: BoundRule = {
  ...embeddingBound,
  isByTokens: false,
  ceiling(asked, _cap, obstacles) {
    const { fields, bytes } = asked;
    if (typeof fields['query'] !== 'string') obstacles.set('query', 'must be text');
    const query = textBytes(fields['query']);
    const documents = Array.isArray(fields['documents']) ? fields['documents'].length : 0;
    if (documents === 0) obstacles.set('documents', 'must be a list');
    const room = Math.max(1, TOKENS_PER_PIECE - TOKENS_OF_MARKS - query);
    const pieces = documents + Math.ceil(bytes / room);
    return {
      prompt: tally(asked, 'documents', obstacles).tokens(bytes) + documents * query,
      hasAudio: false,
      output: 0,
      requests: Math.ceil(pieces / DOCUMENTS_PER_UNIT),
    };
  },
};
