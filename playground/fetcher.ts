import type { Fetcher, FetcherParams, Observable } from '@graphiql/toolkit';
import { OperationTypeNode, getOperationAST, parse } from 'graphql';
import type { ExecutionResult } from 'graphql';
import { createClient } from 'graphql-ws';
import { authorizationFor } from './session.ts';
import { missingSecret } from './welcome.ts';

/** Beside the page, whatever path a proxy has put before both. */
const endpoint = new URL('../graphql', window.location.href).href;

/** The name that GraphiQL gives to its own query for the schema. */
const INTROSPECTION = 'IntrospectionQuery';

let authorization: string | null = null;

/** Opened for each subscription anew, with the authorization that holds then. */
const socket = createClient({
  url: endpoint.replace(/^http/, 'ws'),
  connectionParams: () => ({ authorization }),
  // A new socket would go on after a gap that nobody sees: let the reader decide.
  retryAttempts: 0,
});

/**
 * What sends the operations of GraphiQL. `report` hears why there is no schema, or null once there
 * is one.
 */
export function createFetcher(report: (problem: string | null) => void): Fetcher {
  return async (params, extra) => {
    const result = await send(params, extra);
    if (params.operationName !== INTROSPECTION) return result;
    const problem = problemOf(result as Answer);
    report(problem);
    // GraphiQL would ask once more, with less, if this were an answer.
    if (problem !== null) throw new Error(problem);
    return result;
  };
}

const send: Fetcher = async (params, { headers = {} } = {}) => {
  authorization = authorizationFor(headers);
  if (authorization === null) return failed(missingSecret);
  const operation = operationOf(params);
  // Where the text cannot be read, the server says why.
  const named = {
    ...params,
    operationName: operation?.name?.value ?? params.operationName ?? null,
  };
  if (operation?.operation === OperationTypeNode.SUBSCRIPTION) return subscribe(named);
  return await post(named, headers, authorization).catch((error: Error) => failed(error.message));
};

/** For a moment after another tab is chosen, GraphiQL gives its text with a name of the one before. */
function operationOf({ query, operationName }: FetcherParams) {
  try {
    const document = parse(query);
    return getOperationAST(document, operationName) ?? getOperationAST(document);
  } catch {
    return null;
  }
}

async function post(
  params: FetcherParams,
  given: Record<string, string>,
  secret: string,
): Promise<ExecutionResult> {
  const headers = new Headers({
    accept: 'application/graphql-response+json, application/json;q=0.9',
    ...given,
  });
  headers.set('authorization', secret);
  headers.set('content-type', 'application/json');
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(params) });
  const text = await response.text();
  try {
    return JSON.parse(text) as ExecutionResult;
  } catch {
    throw new Error(`The server answered ${response.status} ${response.statusText}, without JSON.`);
  }
}

interface Sink {
  next(result: ExecutionResult): void;
  error(reason: unknown): void;
  complete(): void;
}

function subscribe(params: FetcherParams) {
  const follow = (sink: Sink) => ({
    unsubscribe: socket.subscribe(params, {
      next: (result) => sink.next(result as ExecutionResult),
      error: (reason) => sink.error(reason instanceof CloseEvent ? closed(reason) : reason),
      complete: () => sink.complete(),
    }),
  });
  // The one of three signatures that GraphiQL uses.
  return { subscribe: follow } as Observable<ExecutionResult>;
}

const closed = ({ code, reason }: CloseEvent) => ({
  message: `The socket was closed: ${code} ${reason}`.trim(),
});

/** An answer of ours, in the form in which GraphiQL shows those of the server. */
const failed = (message: string) => ({ errors: [{ message }] }) as unknown as ExecutionResult;

interface Answer {
  data?: unknown;
  errors?: readonly { message: string }[];
  /** The form of the gateway's errors outside of GraphQL. */
  error?: { message?: string };
}

function problemOf({ data, errors, error }: Answer): string | null {
  if (data !== null && data !== undefined) return null;
  return errors?.[0]?.message ?? error?.message ?? 'The answer holds no schema.';
}
