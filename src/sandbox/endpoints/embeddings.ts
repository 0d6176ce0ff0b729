import { badField } from '../api-error.ts';
import { bill, type Endpoint } from '../call.ts';
import { wholeNumber } from '../fields.ts';
import { modelFor } from '../models.ts';
import { hashText, numbersFrom } from '../text.ts';
import { countTokens, unitsOf } from '../tokens.ts';

const DIMENSIONS = 1536;
const INPUTS_MAX = 2048;

export const embeddings: Endpoint = {
  method: 'POST',
  path: '/v1/embeddings',
  body: 'json',
  isMetered: true,
  answer(call) {
    const model = modelFor('embeddings', call.json['model'], call.account.models);
    const inputs = readInputs(call.json['input']);
    const range = { min: 1, max: DIMENSIONS, fallback: DIMENSIONS };
    const dimensions = wholeNumber(call.json, 'dimensions', range);
    const format = call.json['encoding_format'] ?? 'float';
    if (format !== 'float' && format !== 'base64') {
      throw badField('encoding_format', "'encoding_format' must be 'float' or 'base64'.");
    }
    const input = inputs.reduce((sum, each) => sum + each.tokens, 0);
    const units = unitsOf(input, 0, call.controls.usage);
    const usage = { prompt_tokens: units.input, total_tokens: units.input };
    const rows = inputs.map(({ text }, index) => {
      const vector = vectorOf(text, dimensions);
      const embedding = format === 'float' ? [...vector] : base64Of(vector);
      return { object: 'embedding', index, embedding };
    });
    return {
      status: 200,
      headers: {},
      body: {
        kind: 'json',
        value: { object: 'list', data: rows, model: call.json['model'], usage },
      },
      ...bill(model, units, usage),
    };
  },
};

interface Input {
  text: string;
  tokens: number;
}

/** A string, token ids, or an array of either; token ids count as themselves. */
function readInputs(input: unknown): Input[] {
  const list: unknown[] = Array.isArray(input) && !isTokenIds(input) ? input : [input];
  if (list.length === 0 || list.length > INPUTS_MAX) {
    throw badField('input', `'input' must hold 1 to ${INPUTS_MAX} inputs.`);
  }
  return list.map((each) => {
    if (typeof each === 'string' && each !== '') return { text: each, tokens: countTokens(each) };
    if (isTokenIds(each)) {
      return { text: each.join(' '), tokens: each.length };
    }
    throw badField('input', "'input' must be a non-empty string, token ids, or an array of them.");
  });
}

function isTokenIds(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => Number.isInteger(each));
}

/** A unit vector fixed by the text. */
function vectorOf(text: string, dimensions: number): Float32Array {
  const next = numbersFrom(hashText(text));
  const vector = new Float32Array(dimensions);
  let square = 0;
  for (let index = 0; index < dimensions; index += 1) {
    const value = next() / 0x80000000 - 1;
    vector[index] = value;
    square += value * value;
  }
  const length = Math.sqrt(square) || 1;
  return vector.map((value) => value / length);
}

function base64Of(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
