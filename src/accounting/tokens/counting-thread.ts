/**
 * Where tokens are counted. Nothing else runs here: neither the loading of a vocabulary nor a long text
 * holds up calls.
 */
import { parentPort } from 'node:worker_threads';
import type { Encoding } from './encoding-for.ts';
import { countTokens } from './vocabulary.ts';

/** Answered by the number of tokens. A text that cannot be counted ends the thread. */
export interface CountRequest {
  readonly encoding: Encoding;
  readonly texts: readonly string[];
}

const port = parentPort;
if (port === null) throw new Error('the counter runs as a worker thread');

port.on('message', ({ encoding, texts }: CountRequest) => {
  port.postMessage(countTokens(encoding, texts));
});
