import { audioSpeech, audioTranscriptions, audioTranslations } from './audio.ts';
import { batchesCancel, batchesCreate, batchesGet, batchesList } from './batches.ts';
import { chatCompletions } from './chat-completions.ts';
import { completions } from './completions.ts';
import { embeddings } from './embeddings.ts';
import type { Endpoint } from './endpoint.ts';
import { filesContent, filesCreate, filesDelete, filesGet, filesList } from './files.ts';
import { imagesEdits, imagesGenerations } from './images.ts';
import { modelsGet, modelsGetSlug, modelsList } from './models.ts';
import { moderations } from './moderations.ts';
import { rerank } from './rerank.ts';
import { responses } from './responses.ts';

/** Every endpoint. Adding one is a file and its line here. */
export const endpoints: readonly Endpoint[] = [
  audioSpeech,
  audioTranscriptions,
  audioTranslations,
  batchesCancel,
  batchesCreate,
  batchesGet,
  batchesList,
  chatCompletions,
  completions,
  embeddings,
  filesContent,
  filesCreate,
  filesDelete,
  filesGet,
  filesList,
  imagesEdits,
  imagesGenerations,
  modelsGet,
  modelsGetSlug,
  modelsList,
  moderations,
  rerank,
  responses,
];

const exact = new Map<string, Endpoint>();
const patterns: { segments: string[]; endpoint: Endpoint }[] = [];
for (const endpoint of endpoints) {
  if (endpoint.path.includes('*')) {
    patterns.push({ segments: endpoint.path.split('/'), endpoint });
  } else {
    exact.set(`${endpoint.method} ${endpoint.path}`, endpoint);
  }
}

/** The endpoint of a request line, or undefined. */
export function findEndpoint(method: string, path: string): Endpoint | undefined {
  const found = exact.get(`${method} ${path}`);
  if (found !== undefined) return found;
  const segments = path.split('/');
  const matches = (pattern: readonly string[]) =>
    pattern.length === segments.length &&
    pattern.every((part, at) => part === segments[at] || (part === '*' && segments[at] !== ''));
  return patterns.find(
    ({ segments: pattern, endpoint }) => endpoint.method === method && matches(pattern),
  )?.endpoint;
}

/** Whether the path is known under another method: 405 instead of 404. */
export function isKnownPath(path: string): boolean {
  return ['GET', 'POST', 'DELETE'].some((method) => findEndpoint(method, path) !== undefined);
}
