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

function asked({ fields }: Asked): Usage {
  const count = Number(fields['n'] ?? 1);
  return { ...noUsage(), images: Number.isInteger(count) && count > 0 ? count : 1 };
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
  meter: { kind: 'usage', read: imageUsage, estimate: asked },
};

export const imagesEdits: Endpoint = {
  ...imagesGenerations,
  id: 'images.edits',
  path: '/v1/images/edits',
  body: 'multipart',
  stream: () => new TypedStreamReader(['image_edit.completed'], responsesUsage, { several: true }),
};
