import {
  charactersOf,
  estimateSpeech,
  estimateTranscript,
  speechBilling,
} from '../../accounting/estimate-sound.ts';
import type { SpeechAsked } from '../../accounting/estimate-sound.ts';
import type { PriceSheet } from '../../accounting/prices/price-row.ts';
import type { Prompt } from '../../accounting/prompts/prompt.ts';
import { TypedStreamReader } from '../stream-reader.ts';
import { audioUsage, responsesUsage, toldUsage } from '../usage-readers.ts';
import type { Asked, Endpoint } from './endpoint.ts';

/** The slowest and the fastest pace that can be asked for (https://platform.openai.com/docs/api-reference/audio). */
const SPEED_MIN = 0.25;
const SPEED_MAX = 4;

function speechOf({ model, fields }: Asked): SpeechAsked {
  const { input, speed } = fields;
  const pace = typeof speed === 'number' ? Math.min(Math.max(speed, SPEED_MIN), SPEED_MAX) : 1;
  return { model, text: typeof input === 'string' ? input : '', speed: pace };
}

/** Characters need no tokenizer, and of time nothing can be counted. */
function speechPrompt(asked: Asked, price?: PriceSheet): Prompt | null {
  const { text } = speechOf(asked);
  const billing = speechBilling(price);
  if (billing === 'time') return null;
  return billing === 'tokens'
    ? { texts: [text], tokens: 0, audioTokens: 0 }
    : { texts: [], tokens: charactersOf(text), audioTokens: 0 };
}

/** https://platform.openai.com/docs/api-reference/audio: the answer is sound, which tells no usage. */
export const audioSpeech: Endpoint = {
  id: 'audio.speech',
  method: 'POST',
  path: '/v1/audio/speech',
  body: 'json',
  model: 'required',
  isRepeatable: false,
  stream: () => new TypedStreamReader(['speech.audio.done'], responsesUsage),
  meter: {
    kind: 'usage',
    read: () => null,
    estimate: (asked, price) => estimateSpeech(speechOf(asked), price),
    prompt: speechPrompt,
  },
};

export const audioTranscriptions: Endpoint = {
  id: 'audio.transcriptions',
  method: 'POST',
  path: '/v1/audio/transcriptions',
  body: 'multipart',
  model: 'required',
  isRepeatable: false,
  stream: () => new TypedStreamReader(['transcript.text.done'], audioUsage),
  meter: {
    kind: 'usage',
    read: (answer) => {
      const told = toldUsage(answer);
      return told === null ? null : audioUsage(told);
    },
    estimate: ({ bytes }, price) => estimateTranscript(bytes, price),
    saysText: true,
  },
};

export const audioTranslations: Endpoint = {
  ...audioTranscriptions,
  id: 'audio.translations',
  path: '/v1/audio/translations',
};
