import { createClient } from 'graphql-ws';
import type { Client, ClientOptions } from 'graphql-ws';
import { inspect } from 'node:util';
import { WebSocket } from 'ws';
import type { Gateway } from './gateway.ts';

type Where = Pick<Gateway, 'url' | 'space'>;

export interface LiveOptions extends Partial<ClientOptions> {
  /** Shown in the first message; the admin secret unless given, nothing at all when null. */
  token?: string | null;
}

export const socketUrl = ({ url }: Pick<Gateway, 'url'>): string =>
  `${url.replace('http', 'ws')}/graphql`;

export const adminToken = ({ space }: Pick<Gateway, 'space'>): string =>
  space.secrets.admin.reveal();

/** The client that people use, as they would use it. */
export function liveClient(gateway: Where, { token, ...options }: LiveOptions = {}): Client {
  const shown = token === undefined ? adminToken(gateway) : token;
  return createClient({
    url: socketUrl(gateway),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    ...(shown === null ? {} : { connectionParams: { authorization: `Bearer ${shown}` } }),
    ...options,
  });
}

/** One operation of a client, its results in the order in which they came. */
export interface Following<T> {
  results: T[];
  /** Resolves with the result of this number, counted from 0. */
  nth(index: number): Promise<T>;
  /** Resolves when it is over; with what ended it, if anything did. */
  ended: Promise<unknown>;
  stop(): void;
}

/** The value of the only root field of each result, or the first error's `extensions.code`. */
export function follow<T = Record<string, unknown>>(
  client: Client,
  query: string,
  variables: Record<string, unknown> = {},
): Following<T> {
  const results: T[] = [];
  const waiting = new Map<number, PromiseWithResolvers<T>>();
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const end = (reason: unknown) => {
    resolve(reason);
    for (const one of waiting.values()) one.reject(new Error(`It is over: ${inspect(reason)}`));
  };
  const stop = client.subscribe(
    { query, variables },
    {
      next({ data, errors }) {
        const value = (
          errors === undefined ? Object.values(data ?? {})[0] : errors[0]?.extensions?.['code']
        ) as T;
        results.push(value);
        waiting.get(results.length - 1)?.resolve(value);
      },
      error: end,
      complete: () => end(undefined),
    },
  );
  return {
    results,
    ended,
    stop,
    nth(index) {
      const known = results[index];
      if (known !== undefined) return Promise.resolve(known);
      const wanted = Promise.withResolvers<T>();
      waiting.set(index, wanted);
      return wanted.promise;
    },
  };
}
