import { audioTokens } from './audio.ts';
import { CACHED_LONG, isCachedAsListed } from './known-fields.ts';
import { isPart } from './rule.ts';
import type { Obstacles } from './rule.ts';

/**
 * Byte-level BPE, and SentencePiece with byte fallback, make at most one token of a byte, and JSON
 * needs at least as many bytes for a text as UTF-8. Tokenizers that normalize compatibility
 * characters first can make more; such a call is an overrun.
 */
const TOKENS_PER_BYTE = 1;

/** Marks around a message. ChatML and its kin have 3 to 6. */
const TOKENS_PER_MESSAGE = 8;

/**
 * What a provider puts before the client's prompt. The largest known: 679 tokens at xAI's Grok 4
 * (its first answer to "hi" tells 686, 679 of them cached), 530 at Anthropic where there are tools
 * (https://docs.anthropic.com/en/docs/tool-use-pricing-and-tokens).
 */
const TOKENS_PER_CALL = 1024;

/**
 * The dearest documented rule for a picture: gpt-4o-mini's, 2,833 tokens and 5,667 for each tile of
 * 512 pixels (https://platform.openai.com/docs/guides/images-vision). A picture is shrunk to 2048
 * by 768 pixels at most, which is 8 tiles. It is 33 times what gpt-4o bills (85 and 170), and above
 * the largest patch budgets of newer models and Claude's and Gemini's 4,784 and 2,240 tokens.
 */
const TOKENS_PER_IMAGE = 2833 + 8 * 5667;

type Part = Record<string, unknown>;

/** Content that is nothing but text, under every name it has. */
const TEXTS = new Set([
  'text',
  'input_text',
  'output_text',
  'reasoning_text',
  'summary_text',
  'refusal',
]);

/** Counts what of a prompt is not text. All the rest of a body is bounded by its bytes. */
export class PromptTally {
  hasAudio = false;
  #messages = 0;
  #images = 0;
  #audioTokens = 0;
  /** Of sounds and pictures in the body: no text. */
  #mediaBytes = 0;
  readonly #obstacles: Obstacles;

  constructor(obstacles: Obstacles) {
    this.#obstacles = obstacles;
  }

  /** The most tokens that a body with this prompt can be. */
  tokens(bodyBytes: number): number {
    return (
      Math.max(0, bodyBytes - this.#mediaBytes) * TOKENS_PER_BYTE +
      this.#messages * TOKENS_PER_MESSAGE +
      this.#images * TOKENS_PER_IMAGE +
      this.#audioTokens +
      TOKENS_PER_CALL
    );
  }

  /** A message of chat or an item of responses. */
  message(content: unknown, param: string): void {
    this.#messages += 1;
    if (!Array.isArray(content)) {
      if (isPart(content)) this.#obstacles.set(param, 'is of no known form');
      return;
    }
    for (const part of content as unknown[]) {
      if (typeof part !== 'string') this.#part(part, param);
    }
  }

  image(url: unknown): void {
    this.#images += 1;
    if (typeof url === 'string' && /^data:image\//i.test(url)) this.#mediaBytes += url.length;
  }

  #part(part: unknown, param: string): void {
    const type = isPart(part) ? part['type'] : undefined;
    if (!isPart(part) || typeof type !== 'string') {
      this.#obstacles.set(param, 'has content of no known form');
    } else if (!isCachedAsListed(part)) {
      this.#obstacles.set(param, CACHED_LONG);
    } else if (type === 'image_url' || type === 'input_image') {
      const image = part['image_url'];
      this.image(isPart(image) ? image['url'] : image);
    } else if (type === 'input_audio') {
      this.#audio(part['input_audio'], param);
    } else if (!TEXTS.has(type) && !isTextFile(part)) {
      // Pages of a document and frames of a film cost by their number, which no size tells.
      this.#obstacles.set(param, 'has content whose size in tokens is not known');
    }
  }

  #audio(audio: unknown, param: string): void {
    const data = isPart(audio) ? audio['data'] : undefined;
    if (typeof data !== 'string' || /^https?:/i.test(data)) {
      this.#obstacles.set(param, 'has sound that is not in the body');
      return;
    }
    this.hasAudio = true;
    this.#mediaBytes += data.length;
    this.#audioTokens += audioTokens(data.length);
  }
}

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/**
 * A file of plain text in the body itself is bounded by its bytes like any text. Chat has it in
 * `file`, responses in the part; who reads a part with both is not known, so both must be text.
 */
function isTextFile(part: Part): boolean {
  if (part['type'] !== 'file' && part['type'] !== 'input_file') return false;
  const places = isPart(part['file']) ? [part['file'], part] : [part];
  if (places.some((each) => !isAbsent(each['file_id']) || !isAbsent(each['file_url'])))
    return false;
  const data = places.map((each) => each['file_data']).filter((each) => !isAbsent(each));
  return (
    data.length > 0 && data.every((each) => typeof each === 'string' && /^data:text\//i.test(each))
  );
}
