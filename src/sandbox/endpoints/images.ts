import type { Answer } from '../answer.ts';
import { badField } from '../api-error.ts';
import { bill, type Call, type Endpoint } from '../call.ts';
import { requireText, wholeNumber } from '../fields.ts';
import { modelFor } from '../models.ts';
import { jsonEvent } from '../sse.ts';
import { countTokens, unitsOf } from '../tokens.ts';

/** A transparent PNG of one pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const TOKENS_PER_IMAGE_OUT = 272;
const TOKENS_PER_IMAGE_IN = 194;

export const imageGenerations: Endpoint = {
  method: 'POST',
  path: '/v1/images/generations',
  body: 'json',
  isMetered: true,
  answer(call) {
    const prompt = requireText(call.json, 'prompt');
    const count = wholeNumber(call.json, 'n', { min: 1, max: 10, fallback: 1 });
    const model = call.json['model'] ?? 'gpt-image-1';
    return imagesAnswer(call, { model, prompt, count, imagesIn: 0 });
  },
};

export const imageEdits: Endpoint = {
  method: 'POST',
  path: '/v1/images/edits',
  body: 'form',
  isMetered: true,
  answer(call) {
    const { fields, files } = call.form;
    const imagesIn = Object.keys(files).filter((name) => name.startsWith('image')).length;
    if (imagesIn === 0) throw badField('image', "'image' must be an uploaded file.");
    const count = Number(fields['n'] ?? '1');
    if (!Number.isInteger(count) || count < 1 || count > 10) {
      throw badField('n', "'n' must be an integer from 1 to 10.");
    }
    const prompt = requireText(fields, 'prompt');
    const model = fields['model'] ?? 'gpt-image-1';
    return imagesAnswer(call, { model, prompt, count, imagesIn });
  },
};

interface ImageOrder {
  model: unknown;
  prompt: string;
  count: number;
  imagesIn: number;
}

function imagesAnswer(call: Call, order: ImageOrder): Answer {
  const model = modelFor('images', order.model, call.account.models);
  const text = countTokens(order.prompt);
  const image = order.imagesIn * TOKENS_PER_IMAGE_IN;
  const output = order.count * TOKENS_PER_IMAGE_OUT;
  const units = unitsOf(text + image, output, call.controls.usage);
  const usage = {
    input_tokens: units.input,
    input_tokens_details: { text_tokens: units.input - image, image_tokens: image },
    output_tokens: units.output,
    total_tokens: units.input + units.output,
  };
  const shape = { background: 'opaque', output_format: 'png', quality: 'low', size: '1024x1024' };
  const completed = {
    type: 'image_generation.completed',
    b64_json: PIXEL,
    created_at: call.createdAt,
    ...shape,
    usage,
  };
  const images = Array.from({ length: order.count }, () => ({ b64_json: PIXEL }));
  return {
    status: 200,
    headers: {},
    body: call.isStream
      ? { kind: 'events', events: [jsonEvent('usage', completed, completed.type)] }
      : { kind: 'json', value: { created: call.createdAt, data: images, ...shape, usage } },
    ...bill(model, units, usage),
  };
}
