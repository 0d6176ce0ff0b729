import { noUsage } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';
import { tokensOf } from './estimate.ts';
import { rateOf } from './prices/price-row.ts';
import type { PriceSheet } from './prices/price-row.ts';

/**
 * A thousand characters a minute: OpenAI's $15 for a million of them are its $0.015 for a minute
 * (https://platform.openai.com/docs/pricing).
 */
const SPOKEN_CHARS_PER_SECOND = 1000 / 60;
/** A sign of Chinese, Japanese or Korean takes as long as so many letters. */
const LETTERS_PER_SIGN = 3;
const SIGNS = /[\u2e80-\u9fff\uac00-\ud7af]/g;

/** OpenAI's $0.015 a minute at $12 a million; and https://ai.google.dev/gemini-api/docs/tokens. */
const TOKENS_PER_SECOND = 21;
const TOKENS_PER_SECOND_GEMINI = 25;

export interface SpeechAsked {
  readonly model: string;
  readonly text: string;
  /** 1 is the normal pace. */
  readonly speed: number;
}

/** How a provider charges for speech, by what its price has. */
export type SpeechBilling = 'characters' | 'tokens' | 'time';

/** A price for the text alone is one for its characters: tokens of text are never all that speech costs. */
export function speechBilling(price: PriceSheet | undefined): SpeechBilling {
  if (price?.rates.audioMillis !== undefined) return 'time';
  return price === undefined || rateOf(price.rates, 'outputAudio') !== undefined
    ? 'tokens'
    : 'characters';
}

/** What a text costs to be spoken: nobody tells, and of the sound only its bytes are seen. */
export function estimateSpeech(asked: SpeechAsked, price: PriceSheet | undefined): Usage {
  const seconds = secondsToSpeak(asked);
  switch (speechBilling(price)) {
    case 'characters':
      return { ...noUsage(), input: charactersOf(asked.text) };
    case 'time': {
      const input = price?.rates.input === undefined ? 0 : tokensOf(Buffer.byteLength(asked.text));
      return { ...noUsage(), input, audioMillis: Math.ceil(seconds * 1000) };
    }
    case 'tokens':
  }
  const perSecond = /gemini/i.test(asked.model) ? TOKENS_PER_SECOND_GEMINI : TOKENS_PER_SECOND;
  const spoken = Math.ceil(seconds * perSecond);
  const input = tokensOf(Buffer.byteLength(asked.text));
  return price?.rates.outputAudio === undefined
    ? { ...noUsage(), input, output: spoken }
    : { ...noUsage(), input, outputAudio: spoken };
}

/** As a reader counts them, which is how they are billed. */
export function charactersOf(text: string): number {
  let characters = 0;
  for (const _character of text) characters += 1;
  return characters;
}

function secondsToSpeak({ text, speed }: SpeechAsked): number {
  const signs = text.match(SIGNS)?.length ?? 0;
  const letters = text.length + signs * (LETTERS_PER_SIGN - 1);
  return letters / SPOKEN_CHARS_PER_SECOND / speed;
}

/** A minute of compressed speech is about half a megabyte, some 1,500 tokens heard and 200 written. */
const BYTES_PER_SECOND = 8000;
const HEARD_TOKENS_PER_SECOND = 25;
const WRITTEN_TOKENS_PER_SECOND = 3;

/** What sound of so many bytes costs to be written down: by its length, or by tokens. */
export function estimateTranscript(bytes: number, price: PriceSheet | undefined): Usage {
  const seconds = bytes / BYTES_PER_SECOND;
  if (price?.rates.audioMillis !== undefined) {
    return { ...noUsage(), audioMillis: Math.ceil(seconds * 1000) };
  }
  return {
    ...noUsage(),
    inputAudio: Math.ceil(seconds * HEARD_TOKENS_PER_SECOND),
    output: Math.ceil(seconds * WRITTEN_TOKENS_PER_SECOND),
  };
}
