import { tokensOf } from '../../accounting/estimate.ts';
import type { PriceSheet } from '../../accounting/prices/price-row.ts';
import { noUsage } from '../../entities/usage.ts';
import type { Usage } from '../../entities/usage.ts';
import { TypedStreamReader } from '../stream-reader.ts';
import { responsesUsage, toldUsage } from '../usage-readers.ts';
import type { Asked, Endpoint } from './endpoint.ts';

/** Images are told apart from tokens: models without token usage are billed by the picture. */
function imageUsage(answer: Record<string, unknown>): Usage | null {
  const told = toldUsage(answer);
  if (told !== null) return responsesUsage(told);
  const pictures = answer['data'];
  return Array.isArray(pictures) ? { ...noUsage(), images: pictures.length } : null;
}

/**
 * Tokens of a square picture of 1024 pixels by its quality; the model chooses the best unless told
 * (https://platform.openai.com/docs/guides/image-generation).
 */
const TOKENS_BY_QUALITY: Readonly<Record<string, number>> = { low: 272, medium: 1056, high: 4160 };
const TOKENS_DEFAULT = 4160;

/** By pictures if the price has them, or is not known; else by their tokens. */
function estimate({ fields }: Asked, price?: PriceSheet): Usage {
  const told = Number(fields['n'] ?? 1);
  const images = Number.isInteger(told) && told > 0 ? told : 1;
  if (price === undefined || price.rates.images !== undefined) return { ...noUsage(), images };
  const tokens = TOKENS_BY_QUALITY[String(fields['quality'])] ?? TOKENS_DEFAULT;
  const { prompt } = fields;
  const bytes = typeof prompt === 'string' ? Buffer.byteLength(prompt) : 0;
  return { ...noUsage(), input: tokensOf(bytes), output: images * tokens };
}

/** https://platform.openai.com/docs/api-reference/images */
export const imagesGenerations: Endpoint = {
  id: 'images.generations',
  method: 'POST',
  path: '/v1/images/generations',
  body: 'json',
  model: 'required',
  isStructured: true,
  list: 'data',
  isRepeatable: false,
  stream: () =>
    new TypedStreamReader(['image_generation.completed'], responsesUsage, { several: true }),
  meter: { kind: 'usage', read: imageUsage, estimate },
};

export const imagesEdits: Endpoint = {
  ...imagesGenerations,
  id: 'images.edits',
  path: '/v1/images/edits',
  body: 'multipart',
  stream: () => new TypedStreamReader(['image_edit.completed'], responsesUsage, { several: true }),
};
