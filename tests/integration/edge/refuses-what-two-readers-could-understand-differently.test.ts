import { afterEach, describe, expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { repliesOf } from '../../support/raw-client.ts';
import { JSON_BODY, json, requestsTo, text } from './requests.ts';

const gateway = gatewayOfFile();
const { clean, headers, get, chat, chatOf, typed, chunked, connect, reached } = requestsTo(gateway);

afterEach(clean);

interface Case {
  name: string;
  bytes: () => Buffer | string;
  status?: number;
  param?: string;
  /** The error is in the body: the connection may go on. */
  keeps?: true;
}

/** What Node's parser and Fastify would let through (trust §5). */
const accepted: Case[] = [
  { name: 'a second Host', param: 'host', bytes: () => get('/v1/models', 'Host: other') },
  {
    name: 'a Host with a path in it',
    bytes: () => text(['GET /v1/models HTTP/1.1', 'Host: a?/health', headers()[1] ?? '']),
  },
  { name: 'HTTP/0.9', bytes: () => 'GET /v1/models\r\n\r\n' },
  { name: 'an absolute-form target', bytes: () => get('http://tollgate/v1/models') },
  { name: 'GET *', bytes: () => get('*') },
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    bytes: () =>
      text(
        [
          'POST /v1/chat/completions HTTP/1.0',
          ...headers(),
          'Content-Type: application/json',
          'Transfer-Encoding: chunked',
        ],
        '0\r\n\r\n',
      ),
  },
  {
    name: 'a second Authorization',
    param: 'authorization',
    bytes: () => chat('Authorization: Bearer other'),
  },
  {
    name: 'a second x-api-key',
    param: 'x-api-key',
    bytes: () =>
      text(
        [
          'POST /v1/chat/completions HTTP/1.1',
          'Host: tollgate',
          'X-Api-Key: one',
          'x-api-key: two',
          ...json(),
        ],
        JSON_BODY,
      ),
  },
  { name: 'Authorization and x-api-key', bytes: () => chat(`x-api-key: ${gateway().key}`) },
  {
    name: 'a second Content-Type',
    param: 'content-type',
    bytes: () => chat('Content-Type: text/plain'),
  },
  {
    name: 'charset=utf-7',
    param: 'content-type',
    bytes: () => typed('application/json; charset=utf-7'),
    status: 415,
    keeps: true,
  },
  {
    name: 'invalid UTF-8',
    bytes: () => chatOf(Buffer.from(JSON_BODY.replace('Hello', 'H\xe9llo'), 'latin1')),
    keeps: true,
  },
  {
    name: 'a byte order mark',
    bytes: () => chatOf(Buffer.from(`\uFEFF${JSON_BODY}`)),
    keeps: true,
  },
  { name: 'Content-Encoding: gzip', bytes: () => chat('Content-Encoding: gzip'), status: 415 },
  { name: 'dot segments', bytes: () => get('/v1/../admin') },
  { name: 'encoded dots', bytes: () => get('/v1/%2e%2e/admin') },
  { name: 'an encoded slash', bytes: () => get('/v1%2fmodels') },
  { name: 'an empty segment', bytes: () => get('/v1//models') },
  { name: 'a backslash', bytes: () => get('/v1\\models') },
  { name: 'a percent sign that encodes nothing', bytes: () => get('/v1/%zz') },
  { name: 'a percent-encoded byte that is no UTF-8', bytes: () => get('/v1/models/%ff') },
  {
    name: 'Connection naming Authorization',
    bytes: () => chat('Connection: close, Authorization'),
  },
  {
    name: '1,900 headers',
    bytes: () => get('/v1/models', ...Array.from({ length: 1900 }, () => 'a:1')),
    status: 431,
  },
  {
    name: 'Upgrade: h2c',
    bytes: () =>
      get(
        '/v1/models',
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
      ),
  },
  {
    name: 'text/plain on a JSON route',
    param: 'content-type',
    bytes: () => typed('text/plain'),
    status: 415,
    keeps: true,
  },
  {
    name: 'GET with a body',
    bytes: () => `${get('/v1/models', 'Content-Length: 4').toString()}abcd`,
  },
  { name: 'an unknown Expect', bytes: () => chat('Expect: 200-ok'), status: 417 },
];

/** What the parser itself refuses; only the form of the answer is ours. */
const unparsed: Case[] = [
  {
    name: 'Content-Length and Transfer-Encoding',
    bytes: () => text([...chunked(), 'Content-Length: 3'], '0\r\n\r\n'),
  },
  { name: 'a second Content-Length', bytes: () => chat(`Content-Length: ${JSON_BODY.length}`) },
  { name: 'a list of Content-Lengths', bytes: () => get('/v1/models', 'Content-Length: 0, 0') },
  { name: 'a signed Content-Length', bytes: () => get('/v1/models', 'Content-Length: +0') },
  {
    name: 'chunked not last',
    bytes: () => text(chunked('Transfer-Encoding: identity'), '0\r\n\r\n'),
  },
  { name: 'space before a colon', bytes: () => get('/v1/models', 'X-A : b') },
  { name: 'a folded header', bytes: () => get('/v1/models', 'X-A: b', ' c') },
  { name: 'a bad chunk size', bytes: () => text(chunked(), 'zz\r\n') },
  { name: 'a chunk ended by LF alone', bytes: () => text(chunked(), '1\na\n0\n\n') },
  { name: 'a chunk longer than its size', bytes: () => text(chunked(), '1\r\nabc\r\n0\r\n\r\n') },
  { name: 'LF in a chunk extension', bytes: () => text(chunked(), '1;a\nb\r\nx\r\n0\r\n\r\n') },
  { name: 'a header ended by LF alone', bytes: () => get('/v1/models', 'X-A: b\nX-C: d') },
  { name: 'CR in a header', bytes: () => get('/v1/models', 'X-A: b\rc') },
  { name: 'NUL in a header', bytes: () => get('/v1/models', 'X-A: b\0c') },
  {
    name: 'no Host',
    bytes: () => text(['GET /v1/models HTTP/1.1', headers()[1] ?? '']),
  },
  { name: 'an unknown method', bytes: () => text(['BREW /v1/models HTTP/1.1', ...headers()]) },
  {
    name: 'CONNECT',
    bytes: () => text(['CONNECT tollgate:443 HTTP/1.1', ...headers()]),
    status: 405,
  },
  { name: 'HTTP/1.9', bytes: () => text(['GET /v1/models HTTP/1.9', ...headers()]) },
  { name: 'an 8-bit path', bytes: () => get('/v1/m\xf6dels') },
  {
    name: 'a 17 KB header',
    bytes: () => get('/v1/models', `X-A: ${'b'.repeat(17 * 1024)}`),
    status: 431,
  },
  { name: 'an HTTP/2 preface', bytes: () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') },
  { name: 'a TLS greeting', bytes: () => Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]) },
];

async function expectServing(): Promise<void> {
  const response = await gateway().fetch('/v1/embeddings', { body: '{}' });
  expect(response.status).toBe(400);
  await response.arrayBuffer();
}

describe.each([
  ['that its parser would let pass', accepted],
  ['that is no HTTP', unparsed],
])('what comes %s', (_which, cases) => {
  test.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const before = reached().length;
    // What is smuggled behind it must not be executed.
    const smuggled = one.keeps === true ? '' : get('/v1/models');
    const client = connect().send(Buffer.concat([Buffer.from(one.bytes()), Buffer.from(smuggled)]));
    const received = await (one.keeps === true ? client.until(/\}\}$/) : client.closed());
    expect(client.error).toBeUndefined();
    const [reply, ...more] = repliesOf(received);
    expect(more).toEqual([]);
    expect(reply?.status).toBe(one.status ?? 400);
    expect(reply?.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(reply?.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(reply?.body ?? '')).toEqual({
      error: {
        message: expect.stringMatching(/./),
        type: 'invalid_request_error',
        param: one.param ?? null,
        code: expect.stringMatching(/^[a-z_]+$/),
      },
    });
    await expectServing();
    expect(reached()).toHaveLength(before);
  });
});
