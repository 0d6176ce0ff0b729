import { jsonAnswer } from '../answer.ts';
import type { Endpoint } from '../call.ts';
import { speech, transcriptions, translations } from './audio.ts';
import { cancelBatch, createBatch, getBatch, listBatches } from './batches.ts';
import { chatCompletions } from './chat-completions.ts';
import { completions } from './completions.ts';
import { credits } from './credits.ts';
import { embeddings } from './embeddings.ts';
import { createFile, deleteFile, getFile, getFileContent, listFiles } from './files.ts';
import { imageEdits, imageGenerations } from './images.ts';
import { getModel, listModels } from './models.ts';
import { moderations } from './moderations.ts';
import { rerank } from './rerank.ts';
import { responses } from './responses.ts';

const ENDPOINTS: readonly Endpoint[] = [
  chatCompletions,
  completions,
  responses,
  embeddings,
  imageGenerations,
  imageEdits,
  speech,
  transcriptions,
  translations,
  moderations,
  rerank,
  listModels,
  getModel,
  credits,
  createFile,
  listFiles,
  getFile,
  getFileContent,
  deleteFile,
  createBatch,
  listBatches,
  getBatch,
  cancelBatch,
];

/** Answers whatever else is under /v1, so that pass-through can be seen. */
const echo: Endpoint = {
  method: '*',
  path: '/v1/*',
  body: 'none',
  isMetered: false,
  answer: ({ path, method, query }) =>
    jsonAnswer({ object: 'sandbox.echo', path, method, query: Object.fromEntries(query) }),
};

export interface Route {
  endpoint: Endpoint;
  params: Record<string, string>;
}

const exact = new Map(
  ENDPOINTS.filter((each) => !each.path.includes(':')).map((each) => [
    `${each.method} ${each.path}`,
    { endpoint: each, params: {} } satisfies Route,
  ]),
);

const patterns = ENDPOINTS.filter((each) => each.path.includes(':')).map((endpoint) => ({
  endpoint,
  pattern: new RegExp(
    `^${endpoint.path.replace(/:(\w+)\*/g, '(?<$1>.+)').replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`,
  ),
}));

/** The endpoint of a request line; null outside /v1. */
export function findRoute(method: string, path: string): Route | null {
  const known = exact.get(`${method} ${path}`);
  if (known !== undefined) return known;
  if (!path.startsWith('/v1/')) return null;
  for (const { endpoint, pattern } of patterns) {
    const match = endpoint.method === method ? pattern.exec(path) : null;
    if (match !== null) return { endpoint, params: decodeAll(match.groups ?? {}) };
  }
  return { endpoint: echo, params: {} };
}

function decodeAll(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => [name, decodeOrKeep(value)]),
  );
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
