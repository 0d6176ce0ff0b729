import type { Endpoint } from './endpoint.ts';

/**
 * https://platform.openai.com/docs/api-reference/batch: a batch is charged by its provider when it
 * has run, which no answer here tells.
 */
export const batchesCreate: Endpoint = {
  id: 'batches.create',
  method: 'POST',
  path: '/v1/batches',
  body: 'json',
  model: 'none',
  isRepeatable: false,
  meter: { kind: 'unpriced' },
};

export const batchesList: Endpoint = {
  ...batchesCreate,
  id: 'batches.list',
  method: 'GET',
  body: 'none',
  isRepeatable: true,
  meter: { kind: 'free' },
};

export const batchesGet: Endpoint = { ...batchesList, id: 'batches.get', path: '/v1/batches/*' };

export const batchesCancel: Endpoint = {
  ...batchesList,
  id: 'batches.cancel',
  method: 'POST',
  path: '/v1/batches/*/cancel',
  body: 'opaque',
  isRepeatable: false,
};
