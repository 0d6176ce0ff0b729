import { textBytes } from './rule.ts';
import type { BoundRule } from './rule.ts';

/**
 * The lowest bit rate of the formats taken: Opus begins at 6 kbit/s (RFC 6716, 2.1.1), MP3 at 8.
 * Silence can be packed tighter; such a call is an overrun.
 */
const BYTES_PER_SECOND_MIN = 750;

/** Groq bills shorter files as this long (https://groq.com/pricing). */
const SECONDS_MIN = 10;

const secondsOf = (bytes: number): number => SECONDS_MIN + bytes / BYTES_PER_SECOND_MIN;

/** Gemini's count for a second of sound (https://ai.google.dev/gemini-api/docs/tokens); OpenAI has 10. */
const HEARD_TOKENS_PER_SECOND = 32;

/** The most tokens that so many bytes of sound can be in a prompt. */
export const audioTokens = (bytes: number): number =>
  Math.ceil(secondsOf(bytes) * HEARD_TOKENS_PER_SECOND);

/**
 * Whisper's decoder writes 448 tokens for 30 seconds at most; its successors write up to 2,000
 * (https://platform.openai.com/docs/models/gpt-4o-transcribe).
 */
const WRITTEN_TOKENS_PER_SECOND = 15;
const WRITTEN_TOKENS_MIN = 2000;

/** Sound that is kept elsewhere, in place of a file in the form: its size is not known. */
const ELSEWHERE = ['url', 'file_url', 'audio_url', 'file_id'];

/** Speech to text: the length of the sound is not known, only the size of the form. */
export const transcriptionBound: BoundRule = {
  capNames: [],
  capDefault: 0,
  isByTokens: false,
  ceiling({ bytes, fields }, _cap, obstacles) {
    for (const name of ELSEWHERE) {
      if (fields[name] !== undefined)
        obstacles.set(name, 'stands for sound that is not in the body');
    }
    const seconds = secondsOf(bytes);
    return {
      prompt: audioTokens(bytes) + textBytes(fields['prompt']),
      hasAudio: true,
      output: WRITTEN_TOKENS_MIN + Math.ceil(seconds * WRITTEN_TOKENS_PER_SECOND),
      audioMillis: Math.ceil(seconds * 1000),
    };
  },
};

/** No byte of a text takes longer to say at normal speed; a digit in a long number takes half of it. */
const SECONDS_PER_BYTE = 1;
/** The slowest pace that can be asked for (https://platform.openai.com/docs/api-reference/audio). */
const SPEED_MIN = 0.25;
/** Gemini's speech is 25 tokens a second, OpenAI's about 21 ($0.015 a minute at $12 a million). */
const SPEECH_TOKENS_PER_SECOND = 25;

/** Text to speech: billed by the characters of the text, by tokens, or by the time it takes. */
export const speechBound: BoundRule = {
  capNames: [],
  capDefault: 0,
  isByTokens: false,
  ceiling({ bytes, fields }, _cap, obstacles) {
    if (typeof fields['input'] !== 'string') obstacles.set('input', 'must be text');
    const speed = fields['speed'] === undefined ? 1 : Number(fields['speed']);
    const pace = speed >= SPEED_MIN ? Math.min(speed, 1) : SPEED_MIN;
    const seconds = (textBytes(fields['input']) * SECONDS_PER_BYTE) / pace;
    return {
      prompt: bytes,
      hasAudio: false,
      output: Math.ceil(seconds * SPEECH_TOKENS_PER_SECOND),
      audioMillis: Math.ceil(seconds * 1000),
    };
  },
};
