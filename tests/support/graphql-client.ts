import type { Gateway } from './gateway.ts';

export interface GraphqlClientOptions {
  /** Shown as `authorization: Bearer`; the admin secret unless given, nothing at all when null. */
  token?: string | null;
}

export interface GraphqlMistake {
  message: string;
  path?: (string | number)[];
  extensions: Record<string, unknown>;
}

export interface GraphqlAnswer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it asked for
  data: any;
  /** Empty when the answer has none. */
  errors: GraphqlMistake[];
  headers: Headers;
}

export interface GraphqlClient {
  ask(
    document: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
    operationName?: string,
  ): Promise<GraphqlAnswer>;
}

/** Asks the control plane of a running gateway over HTTP, as programs do. */
export function graphqlClient(
  { url, space }: Pick<Gateway, 'url' | 'space'>,
  { token = space.secrets.admin.reveal() }: GraphqlClientOptions = {},
): GraphqlClient {
  return {
    async ask(query, variables = {}, headers = {}, operationName) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables, operationName }),
      });
      const body = (await response.json()) as Partial<GraphqlAnswer>;
      const { data = null, errors = [] } = body;
      return { status: response.status, data, errors, headers: response.headers };
    },
  };
}
