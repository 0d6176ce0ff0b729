import { request as httpRequest } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { gatewayOfFile } from '../../support/gateway.ts';
import type { GraphqlMistake } from '../../support/graphql-client.ts';

const PLAIN = 'application/json';
const OWN = 'application/graphql-response+json';

const running = gatewayOfFile();

const authorization = () => `Bearer ${running().space.secrets.admin.reveal()}`;

interface Given {
  method?: string;
  accept?: string;
  body?: unknown;
  headers?: Record<string, string>;
  search?: string;
}

async function ask({ method = 'POST', accept = OWN, body, headers = {}, search = '' }: Given) {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(`${running().url}/graphql${search}`, {
    method,
    headers: {
      authorization: authorization(),
      accept,
      ...(body === undefined ? {} : { 'content-type': PLAIN }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as never) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const parsed = (text === '' ? {} : JSON.parse(text)) as {
    data?: unknown;
    errors?: GraphqlMistake[];
  };
  return { status: response.status, headers: response.headers, ...parsed };
}

const get = (params: Record<string, string>, given: Given = {}) =>
  ask({
    method: 'GET',
    search: `?${String(new URLSearchParams(params))}`,
    ...given,
    headers: { 'apollo-require-preflight': 'yes', ...given.headers },
  });

describe('the audits of graphql-http', () => {
  const audits = serverAudits({
    url: () => `${running().url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, {
        ...init,
        headers: {
          ...(init.headers as Record<string, string>),
          authorization: authorization(),
          // Without it a GET could come from a page of another site.
          'apollo-require-preflight': 'yes',
        },
      }),
  });

  test('are all there', () => {
    expect(audits.length).toBeGreaterThan(60);
  });

  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    '%s %s',
    async (_id, _name, audit) => {
      expect(await audit.fn()).toMatchObject({ status: 'ok' });
    },
  );
});

/** What is asked, and the status and code of each media type. */
const requests: [what: string, given: Given, own: number, plain: number, code: string | null][] = [
  ['a query', { body: { query: '{ me { name } }' } }, 200, 200, null],
  ['a document that is none', { body: { query: '{' } }, 400, 200, 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', { body: { query: '{ you }' } }, 400, 200, 'GRAPHQL_VALIDATION_FAILED'],
  [
    'an operation that is not there',
    { body: { query: 'query A { me { name } } query B { me { role } }' } },
    400,
    200,
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'variables that do not fit',
    { body: { query: 'query ($id: ID!) { key(id: $id) { id } }' } },
    400,
    200,
    'BAD_USER_INPUT',
  ],
  [
    'too much at once',
    { body: { query: '{ keys(first: 101) { nodes { id } } }' } },
    400,
    200,
    'OPERATION_TOO_COMPLEX',
  ],
  [
    'more tokens than are read',
    { body: { query: `{ me { ${'name '.repeat(2000)} } }` } },
    400,
    200,
    'GRAPHQL_PARSE_FAILED',
  ],
  ['what is not there', { body: { query: '{ key(id: "0000") { id } }' } }, 200, 200, 'NOT_FOUND'],
  [
    'a subscription',
    { body: { query: 'subscription { events { __typename } }' } },
    400,
    400,
    'INVALID_REQUEST',
  ],
  ['nothing', { body: '' }, 400, 400, 'INVALID_REQUEST'],
  ['no JSON', { body: '{"query":' }, 400, 400, 'INVALID_REQUEST'],
  ['a batch', { body: [{ query: '{ me { name } }' }] }, 400, 400, 'INVALID_REQUEST'],
  ['an object without members', { body: {} }, 400, 400, 'BAD_REQUEST'],
  ['no query', { body: { variables: {} } }, 400, 400, 'BAD_REQUEST'],
  ['a query that is no text', { body: { query: 1 } }, 400, 400, 'BAD_REQUEST'],
  [
    'variables in a list',
    { body: { query: '{ me { name } }', variables: [1] } },
    400,
    400,
    'BAD_REQUEST',
  ],
  [
    'a persisted query',
    { body: { extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } } },
    400,
    400,
    'PERSISTED_QUERY_NOT_SUPPORTED',
  ],
  [
    'one member twice',
    { body: '{"query":"{ me { name } }","query":"{ keys { nodes { id } } }"}' },
    400,
    400,
    'INVALID_REQUEST',
  ],
  [
    'bytes that are no UTF-8',
    { body: Buffer.from('{"query":"{ me { name } } # \xff"}', 'latin1') },
    400,
    400,
    'INVALID_REQUEST',
  ],
  [
    'a prototype',
    { body: '{"query":"{ me { name } }","__proto__":{"x":1}}' },
    400,
    400,
    'INVALID_REQUEST',
  ],
  [
    'JSON that never ends',
    { body: `{"query":"{ me { name } }","variables":${'['.repeat(5000)}` },
    400,
    400,
    'INVALID_REQUEST',
  ],
  [
    'more than a mebibyte',
    { body: { query: `{ me { name } } # ${'x'.repeat(1024 * 1024)}` } },
    413,
    413,
    'PAYLOAD_TOO_LARGE',
  ],
  [
    'a form',
    { body: 'query={me{name}}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  [
    'plain text',
    { body: '{"query":"{ me { name } }"}', headers: { 'content-type': 'text/plain' } },
    415,
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  [
    'a document as it is',
    { body: '{ me { name } }', headers: { 'content-type': 'application/graphql' } },
    415,
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  [
    'another charset',
    {
      body: { query: '{ me { name } }' },
      headers: { 'content-type': 'application/json; charset=utf-16' },
    },
    415,
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  [
    'our charset',
    {
      body: { query: '{ me { name } }' },
      headers: { 'content-type': 'application/json; charset="UTF-8"' },
    },
    200,
    200,
    null,
  ],
  [
    'from a page of another site',
    { body: { query: '{ me { name } }' }, headers: { origin: 'https://evil.example' } },
    403,
    403,
    'PERMISSION_DENIED',
  ],
  [
    'from a page of no site',
    { body: { query: '{ me { name } }' }, headers: { origin: 'null' } },
    403,
    403,
    'PERMISSION_DENIED',
  ],
];

describe.each([
  [OWN, 0],
  [PLAIN, 1],
] as const)('answered with %s', (accept, column) => {
  test.each(requests)('%s', async (_what, given, own, plain, code) => {
    const { status, headers, errors = [], data } = await ask({ ...given, accept });
    expect(status).toBe([own, plain][column]);
    expect(headers.get('content-type')).toBe(`${accept}; charset=utf-8`);
    expect(headers.get('cache-control')).toBe('no-store');
    const requestId = headers.get('x-request-id');
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(errors.map(({ extensions }) => extensions['code'])).toEqual(code === null ? [] : [code]);
    for (const { message, extensions } of errors) {
      expect(message).not.toBe('');
      expect(extensions['requestId']).toBe(requestId);
      expect(Object.keys(extensions)).not.toContain('stacktrace');
    }
    // An answer without data never says `null` for it, unless it was executed.
    expect(data === undefined).toBe(code !== null && code !== 'NOT_FOUND');
  });
});

describe('a GET', () => {
  test('asks, with variables', async () => {
    const query = 'query Q($id: ID!) { me { name } key(id: $id) { id } }';
    const variables = JSON.stringify({ id: running().keyId });
    const { status, data } = await get({ query, variables, operationName: 'Q' });
    expect(status).toBe(200);
    expect(data).toEqual({ me: { name: 'admin' }, key: { id: running().keyId } });
  });

  test.each([
    ['changes nothing', { query: 'mutation { revokeAdminToken(id: "x") { id } }' }, 405],
    ['follows nothing', { query: 'subscription { events { __typename } }' }, 405],
    ['has a query', {}, 400],
    ['has variables in JSON', { query: '{ me { name } }', variables: '{' }, 400],
  ])('%s', async (_what, params, wanted) => {
    for (const accept of [OWN, PLAIN]) {
      const { status, headers, data, errors } = await get(params, { accept });
      expect(status).toBe(wanted);
      if (wanted === 405) expect(headers.get('allow')).toBe('POST');
      expect(data).toBeUndefined();
      expect(errors).toHaveLength(1);
    }
  });

  test('says in a header of its own that no page of another site sends it', async () => {
    const bare = await ask({ method: 'GET', search: '?query={me{name}}' });
    expect(bare).toMatchObject({ status: 400, errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    expect(await get({ query: '{ me { name } }' })).toMatchObject({ status: 200 });
  });
});

test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is told what is allowed', async (method) => {
  const { status, headers, errors } = await ask({ method });
  expect(status).toBe(405);
  expect(headers.get('allow')).toBe('GET, POST');
  expect(headers.get('access-control-allow-origin')).toBeNull();
  expect(errors).toMatchObject([{ extensions: { code: 'METHOD_NOT_ALLOWED' } }]);
});

describe('an answer', () => {
  const query = 'mutation { createAdminToken(input: {name: "never", role: VIEWER}) { secret } }';

  test.each(['text/html', 'image/png, text/html;q=0.9', 'application/json;charset=latin1'])(
    'that cannot be %s is refused before anything is done',
    async (accept) => {
      const { status, headers, errors } = await ask({ accept, body: { query } });
      expect(status).toBe(406);
      expect(headers.get('content-type')).toBe(`${PLAIN}; charset=utf-8`);
      expect(errors).toMatchObject([{ extensions: { code: 'NOT_ACCEPTABLE' } }]);
      const { data } = await ask({ body: { query: '{ adminTokens { name } }' } });
      expect(data).toEqual({ adminTokens: [] });
    },
  );

  test('is of the specification’s own type where nobody says what they accept', async () => {
    const type = await new Promise((resolve, reject) => {
      const headers = { 'content-type': PLAIN, authorization: authorization() };
      const sent = httpRequest(`${running().url}/graphql`, { method: 'POST', headers });
      sent.on('error', reject);
      sent.on('response', (response) => {
        response.resume();
        resolve(response.headers['content-type']);
      });
      sent.end(JSON.stringify({ query: '{ me { name } }' }));
    });
    expect(type).toBe(`${OWN}; charset=utf-8`);
  });

  test('to a page of this very host is given', async () => {
    const headers = { origin: running().url };
    const { status, headers: sent } = await ask({ body: { query: '{ me { name } }' }, headers });
    expect(status).toBe(200);
    expect(sent.get('access-control-allow-origin')).toBeNull();
  });

  test('to nobody is 401, whatever is wrong besides, and names the way', async () => {
    for (const given of [
      { body: { query: '{ me { name } }' } },
      { body: '{' },
      { body: { query: '{' } },
      { method: 'GET', search: '?query={me{name}}' },
      { method: 'PUT' },
      { body: 'x', headers: { 'content-type': 'text/plain' } },
      { body: { query: '{ __schema { types { name } } }' } },
    ] as Given[]) {
      const headers = { ...given.headers, authorization: 'Bearer guess' };
      const { status, headers: sent, errors } = await ask({ ...given, headers });
      expect(status).toBe(401);
      expect(sent.get('www-authenticate')).toBe('Bearer');
      expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
  });
});
