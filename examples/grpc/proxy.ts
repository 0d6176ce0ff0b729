// A proxy that lets calls in by the virtual keys of Tollgate, and does not ask about each: it keeps an index
// of its own, and is told what changes within a second. Money and limits are not judged here: see
// reserve-and-settle.ts and take-limits.ts.
//
//   UPSTREAM=https://api.openai.com UPSTREAM_KEY=sk-… PORT=8080 npx node examples/grpc/proxy.ts

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import type { Key__Output as Key } from '../../src/grpc/generated/tollgate/v1/Key.ts';
import type { WatchKeysResponse__Output as Step } from '../../src/grpc/generated/tollgate/v1/WatchKeysResponse.ts';
import { ask, keys, pauseAfter, setting } from './client.ts';

const PATH = '/v1/chat/completions';

/** Virtual keys as they are, and the secrets that were found to open them. */
class KeyIndex {
  readonly #keys = new Map<string, Key>();
  /** By digest. A key that has changed is another object: its secrets have to be validated again. */
  readonly #validated = new Map<string, { key: Key; untilMs: number }>();
  #after = '0';
  #steps = 0;
  #isFollowing = false;

  /** The key that a secret opens now, or why it opens none. */
  async find(secret: string): Promise<Key | string> {
    const digest = createHash('sha256').update(secret).digest('base64');
    const known = this.#validated.get(digest);
    if (known !== undefined && known.untilMs > Date.now() && this.#isCurrent(known.key)) {
      return known.key;
    }
    const steps = this.#steps;
    const asked = { key: { secret }, endpoint: 'chat.completions' };
    const { valid, error, key } = await ask(keys, keys.ValidateKey, asked);
    if (!valid || key === null) return error;
    const current = this.#keys.get(key.id);
    // What changed meanwhile may be newer than the answer, and without a stream nobody would tell.
    if (this.#isFollowing && current !== undefined && steps === this.#steps) {
      // A secret from before a rotation ends earlier than its key.
      const untilMs = key.expiresAt === null ? Infinity : Number(key.expiresAt.seconds) * 1000;
      this.#validated.set(digest, { key: current, untilMs });
    }
    return key;
  }

  #isCurrent(key: Key): boolean {
    return this.#keys.get(key.id) === key;
  }

  /** Goes on where it was when the stream broke off. */
  async follow(): Promise<never> {
    for (;;) {
      if (this.#after === '0') this.#keys.clear();
      const stream = keys.WatchKeys({ after: this.#after });
      stream.on('metadata', () => {
        this.#isFollowing = true;
        console.log(`following from ${this.#after}`);
      });
      try {
        for await (const step of stream) this.#take(step as Step);
      } catch (error) {
        this.#lost();
        // The log does not reach back so far.
        if ((error as ServiceError).code === status.NOT_FOUND) this.#after = '0';
        else await pauseAfter(error);
      }
    }
  }

  #take({ seq, current, changed, ready, removedId }: Step): void {
    this.#steps += 1;
    const key = current ?? changed;
    if (key) this.#keys.set(key.id, key);
    if (removedId) this.#keys.delete(removedId);
    if (ready) console.log(`${this.#keys.size} keys`);
    this.#after = seq;
  }

  /** Until it follows again each secret is asked about. */
  #lost(): void {
    this.#isFollowing = false;
    this.#validated.clear();
  }
}

const index = new KeyIndex();

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== PATH || request.method !== 'POST') return refuse(response, 404, 'Not found');
  const [, secret = ''] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  const key = await index.find(secret);
  if (typeof key === 'string') return refuse(response, 401, key);
  console.log(`a call of ${key.name}`);
  const leaving = new AbortController();
  response.on('close', () => leaving.abort());
  const reply = await fetch(`${setting('UPSTREAM')}${PATH}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${setting('UPSTREAM_KEY')}`,
      'content-type': request.headers['content-type'] ?? 'application/json',
    },
    body: Readable.toWeb(request) as never,
    duplex: 'half',
    signal: leaving.signal,
  });
  response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? '' });
  if (reply.body === null) response.end();
  else await pipeline(Readable.fromWeb(reply.body as never), response);
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message } }));
}

const server = createServer((request, response) => {
  // Nobody is let in while nobody can say who it is.
  answer(request, response).catch((error: Error) => {
    console.error(error.message);
    if (response.headersSent) response.destroy();
    else refuse(response, 503, 'Try again');
  });
});
server.listen(Number(setting('PORT', '8080')), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});
await index.follow();
