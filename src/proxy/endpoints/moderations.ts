import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/moderations: free of charge at its provider. */
export const moderations: Endpoint = {
  id: 'moderations',
  method: 'POST',
  path: '/v1/moderations',
  body: 'json',
  model: 'none',
  isStructured: true,
  isRepeatable: false,
  meter: { kind: 'free' },
};
