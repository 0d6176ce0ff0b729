import type { Pool } from '../pool/pool.ts';
import type { Call } from './call.ts';
import type { KeyEntry } from './virtual-keys.ts';
import type { Endpoint } from './endpoints/endpoint.ts';

/** Answers what needs no upstream. False when the endpoint does, or too little is known. */
export function answerHere(
  { id, path, sink }: Call,
  endpoint: Endpoint,
  { pool, key }: { pool: Pool; key: KeyEntry },
): boolean {
  const answer = endpoint.here?.(pool, path, key) ?? null;
  if (answer === null) return false;
  const body = Buffer.from(JSON.stringify(answer));
  sink.head(200, {
    'content-type': 'application/json',
    'content-length': String(body.length),
    'x-request-id': id,
  });
  sink.end(body);
  return true;
}
