import { estimateInput, tokensOf } from '../../accounting/estimate.ts';
import { noUsage } from '../../entities/usage.ts';
import { TypedStreamReader } from '../stream-reader.ts';
import { audioUsage, responsesUsage, toldUsage } from '../usage-readers.ts';
import type { Endpoint } from './endpoint.ts';

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
    estimate: ({ fields }) => {
      const text = typeof fields['input'] === 'string' ? fields['input'] : '';
      return { ...noUsage(), input: tokensOf(Buffer.byteLength(text)) };
    },
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
    // A minute of compressed speech is about half a megabyte and some 1,500 tokens.
    estimate: (asked) => estimateInput(asked.bytes / 80),
  },
};

export const audioTranslations: Endpoint = {
  ...audioTranscriptions,
  id: 'audio.translations',
  path: '/v1/audio/translations',
};
