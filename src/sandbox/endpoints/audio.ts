import type { Answer } from '../answer.ts';
import { badField } from '../api-error.ts';
import { bill, type Call, type Endpoint } from '../call.ts';
import { draftText, type Draft } from '../draft.ts';
import { requireText } from '../fields.ts';
import { requireFile } from '../form.ts';
import { modelFor } from '../models.ts';
import { doneEvent, jsonEvent } from '../sse.ts';
import { hashText, numbersFrom } from '../text.ts';
import { unitsOf } from '../tokens.ts';

const BYTES_PER_CHARACTER = 64;
const BYTES_PER_SECOND = 16_000;
const TOKENS_PER_SECOND = 10;
const CHARACTERS_MAX = 4096;

/** Speech has no usage in its reply; it is billed by characters of input. */
export const speech: Endpoint = {
  method: 'POST',
  path: '/v1/audio/speech',
  body: 'json',
  isMetered: true,
  answer(call) {
    const model = modelFor('speech', call.json['model'], call.account.models);
    const input = requireText(call.json, 'input');
    requireText(call.json, 'voice');
    if (input.length === 0 || input.length > CHARACTERS_MAX) {
      throw badField('input', `'input' must have 1 to ${CHARACTERS_MAX} characters.`);
    }
    return {
      status: 200,
      headers: {},
      body: { kind: 'bytes', contentType: 'audio/mpeg', bytes: soundOf(input) },
      ...bill(model, unitsOf(input.length, 0), null),
    };
  },
};

/** Bytes that begin like an MP3 frame and are fixed by the text; nothing to listen to. */
function soundOf(text: string): Buffer {
  const next = numbersFrom(hashText(text));
  const sound = Buffer.alloc(Math.max(1024, text.length * BYTES_PER_CHARACTER));
  for (let at = 0; at + 4 <= sound.length; at += 4) sound.writeUInt32LE(next(), at);
  sound.set([0xff, 0xfb, 0x90, 0x64]);
  return sound;
}

function listening(path: string): Endpoint {
  return { method: 'POST', path, body: 'form', isMetered: true, answer: transcribe };
}

export const transcriptions: Endpoint = listening('/v1/audio/transcriptions');
export const translations: Endpoint = listening('/v1/audio/translations');

function transcribe(call: Call): Answer {
  const { fields } = call.form;
  const model = modelFor('transcription', fields['model'], call.account.models);
  const file = requireFile(call.form, 'file');
  const seconds = Math.max(1, Math.ceil(file.bytes.length / BYTES_PER_SECOND));
  const draft = draftText(call, file.bytes.toString('latin1'), 0, Number.POSITIVE_INFINITY);
  const isByTokens = model.id.endsWith('transcribe');
  const units = isByTokens
    ? unitsOf(seconds * TOKENS_PER_SECOND, draft.tokens, call.controls.usage)
    : unitsOf(seconds, 0);
  const usage = isByTokens
    ? {
        type: 'tokens',
        input_tokens: units.input,
        input_token_details: { text_tokens: 0, audio_tokens: units.input },
        output_tokens: units.output,
        total_tokens: units.input + units.output,
      }
    : { type: 'duration', seconds };
  const body = transcriptBody(call, { draft, seconds, usage });
  // The text formats have no place for usage.
  return {
    status: 200,
    headers: {},
    body,
    ...bill(model, units, body.kind === 'bytes' ? null : usage),
  };
}

interface Transcript {
  draft: Draft;
  seconds: number;
  usage: object;
}

function transcriptBody(call: Call, { draft, seconds, usage }: Transcript): Answer['body'] {
  const { text } = draft;
  if (call.isStream) {
    const deltas = draft.pieces.map((delta) =>
      jsonEvent('content', { type: 'transcript.text.delta', delta }),
    );
    const last = jsonEvent('usage', { type: 'transcript.text.done', text, usage });
    return { kind: 'events', events: [...deltas, last, doneEvent] };
  }
  switch (call.form.fields['response_format'] ?? 'json') {
    case 'json':
      return { kind: 'json', value: { text, usage } };
    case 'verbose_json': {
      const segment = { id: 0, seek: 0, start: 0, end: seconds, text };
      return {
        kind: 'json',
        value: {
          task: 'transcribe',
          language: 'english',
          duration: seconds,
          text,
          segments: [segment],
          usage,
        },
      };
    }
    case 'text':
      return plainText(`${text}\n`);
    case 'srt':
      return plainText(`1\n00:00:00,000 --> 00:00:01,000\n${text}\n\n`);
    case 'vtt':
      return plainText(`WEBVTT\n\n00:00.000 --> 00:01.000\n${text}\n\n`);
    default:
      throw badField('response_format', "'response_format' is not known.");
  }
}

function plainText(text: string): Answer['body'] {
  return { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: Buffer.from(text) };
}
