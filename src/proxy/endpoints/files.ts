import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/files: storage is not charged by the call. */
const file = { model: 'none', meter: { kind: 'free' } } as const;

export const filesCreate: Endpoint = {
  ...file,
  id: 'files.create',
  method: 'POST',
  path: '/v1/files',
  body: 'opaque',
  isRepeatable: false,
  bodyLimitMb: 512,
};

export const filesList: Endpoint = {
  ...file,
  id: 'files.list',
  method: 'GET',
  path: '/v1/files',
  body: 'none',
  isRepeatable: true,
};

export const filesGet: Endpoint = { ...filesList, id: 'files.get', path: '/v1/files/*' };

export const filesContent: Endpoint = {
  ...filesList,
  id: 'files.content',
  path: '/v1/files/*/content',
};

export const filesDelete: Endpoint = {
  ...filesList,
  id: 'files.delete',
  method: 'DELETE',
  path: '/v1/files/*',
  isRepeatable: false,
};
