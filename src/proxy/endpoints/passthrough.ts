import type { Endpoint } from './endpoint.ts';

/** A `/v1` path nobody described, for pools that allow it: bytes in, bytes out, recorded as unpriced. */
export const passthrough = (method: string, path: string): Endpoint => ({
  id: 'passthrough',
  method: method as Endpoint['method'],
  path,
  body: method === 'GET' ? 'none' : 'opaque',
  model: 'none',
  isRepeatable: method === 'GET',
  meter: { kind: 'unpriced' },
});
