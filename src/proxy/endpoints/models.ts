import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/models */
export const modelsList: Endpoint = {
  id: 'models.list',
  method: 'GET',
  path: '/v1/models',
  body: 'none',
  model: 'none',
  isRepeatable: true,
  meter: { kind: 'free' },
};

export const modelsGet: Endpoint = { ...modelsList, id: 'models.get', path: '/v1/models/*' };

/** Vercel's model names have two segments. */
export const modelsGetSlug: Endpoint = { ...modelsList, id: 'models.get', path: '/v1/models/*/*' };
