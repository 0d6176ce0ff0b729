import { tokensOf } from '../estimate.ts';
import { isPart } from './prompt.ts';
import type { PromptParts } from './prompt.ts';

/**
 * Tokens of a picture at low detail, and of one of 1024 by 1024 pixels at high: how large it really is,
 * nobody tells (https://platform.openai.com/docs/guides/images-vision). The first model that fits holds.
 */
const PICTURES: readonly [model: RegExp, low: number, high: number][] = [
  [/gpt-4o-mini/, 2833, 25_501],
  [/(?:)/, 85, 765],
];

/** Of a second of sound (https://platform.openai.com/docs/guides/audio); and of base64, by its format. */
const TOKENS_PER_SECOND = 10;
const CHARS_PER_SECOND: Readonly<Record<string, number>> = { wav: 64_000, mp3: 21_000 };

/** A part of a message that is no text. */
export function addMedium(
  prompt: PromptParts,
  part: Readonly<Record<string, unknown>>,
  model: string,
) {
  const { type } = part;
  if (type === 'image_url' || type === 'input_image') {
    const image = isPart(part['image_url']) ? part['image_url'] : part;
    const [, low, high] = PICTURES.find(([of]) => of.test(model)) ?? ['', 0, 0];
    prompt.tokens += image['detail'] === 'low' ? low : high;
  } else if (type === 'input_audio') {
    const sound = isPart(part['input_audio']) ? part['input_audio'] : part;
    const perSecond = CHARS_PER_SECOND[String(sound['format'])] ?? CHARS_PER_SECOND['mp3'] ?? 1;
    prompt.audioTokens += Math.ceil((charsOf(sound['data']) / perSecond) * TOKENS_PER_SECOND);
  } else {
    const file = isPart(part['file']) ? part['file'] : part;
    prompt.tokens += tokensOf(charsOf(file['file_data']));
  }
}

const charsOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);
