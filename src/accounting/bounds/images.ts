import { countOf, textBytes } from './rule.ts';
import type { BoundRule } from './rule.ts';

/**
 * Above the largest picture known: OpenAI's own calculator has 12,329 tokens for 3584 by 2048 pixels
 * at gpt-image-2 (https://platform.openai.com/docs/guides/image-generation); gpt-image-1 has 6,240
 * at most, Gemini 2,000 and what it thinks.
 */
const TOKENS_PER_IMAGE = 16_384;
/** For each of the previews that a stream may show before the picture (same page). */
const TOKENS_PER_PREVIEW = 100;
const PREVIEWS_MAX = 3;

/** A picture that is edited with high fidelity: 65 tokens, 129 for each of 8 tiles, and 6,240. */
const TOKENS_PER_EDITED = 65 + 8 * 129 + 6240;
/** Sixteen pictures and a mask (https://platform.openai.com/docs/api-reference/images/createEdit). */
const EDITED_MAX = 17;
/** Same page. */
const IMAGES_MAX = 10;

const made = (count: number) => ({
  output: count * (TOKENS_PER_IMAGE + PREVIEWS_MAX * TOKENS_PER_PREVIEW),
  images: count,
});

export const generationBound: BoundRule = {
  capNames: [],
  capDefault: 0,
  isByTokens: false,
  ceiling({ bytes, fields }, _cap, obstacles) {
    return { prompt: bytes, hasAudio: false, ...made(countOf(fields, 'n', obstacles)) };
  },
};

/** A form may say its number behind its files, where it is not known yet: then it is the largest. */
export const editBound: BoundRule = {
  ...generationBound,
  ceiling({ fields }, _cap, obstacles) {
    const text = Object.values(fields).reduce<number>((sum, value) => sum + textBytes(value), 0);
    const count = countOf(fields, 'n', obstacles, IMAGES_MAX);
    return { prompt: text + EDITED_MAX * TOKENS_PER_EDITED, hasAudio: false, ...made(count) };
  },
};
