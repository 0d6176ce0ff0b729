import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { inspect } from '../../../src/edge/inspect.ts';

interface Shape {
  method?: string;
  url?: string;
  /** `1.1` unless given. */
  version?: string;
  /** As they came, names and values in turn; a Host comes first unless `host` says otherwise. */
  headers?: string[];
  host?: string | null;
}

/** As much of a request as the parser gives before anything has read it. */
function request({ method = 'GET', url = '/v1/models', version = '1.1', ...rest }: Shape) {
  const { headers = [], host = 'tollgate' } = rest;
  const [major, minor] = version.split('.').map(Number);
  return {
    method,
    url,
    httpVersionMajor: major,
    httpVersionMinor: minor,
    rawHeaders: [...(host === null ? [] : ['Host', host]), ...headers],
  } as unknown as IncomingMessage;
}

const header = (name: string, value: string): Shape => ({ headers: [name, value] });
const post = (...headers: string[]): Shape => ({ method: 'POST', headers });

describe('passes', () => {
  test.each<[string, Shape]>([
    ['a plain request', {}],
    ['a query with anything in it', { url: '/v1/models?next=../a//b%2f&x=%zz' }],
    ['an encoded blank', { url: '/v1/files/a%20b' }],
    ['a Host with a port', { host: 'gateway.example:8080' }],
    ['an IPv6 Host', { host: '[::1]:8080' }],
    ['HTTP/1.0 without a Host', { version: '1.0', host: null }],
    ['Connection: keep-alive', header('Connection', 'Keep-Alive')],
    ['Connection as libwww-perl sends it', header('Connection', 'TE, close')],
    ['Content-Encoding: identity', post('Content-Encoding', 'identity', 'Content-Length', '2')],
    ['a GET that tells its empty body', header('Content-Length', '0')],
    ['a chunked POST', post('Transfer-Encoding', 'chunked')],
    ['Expect: 100-continue', post('Expect', '100-Continue', 'Content-Length', '2')],
    ['a repeated header that nobody decides by', { headers: ['X-A', '1', 'x-a', '2'] }],
    ['x-api-key alone', header('x-api-key', 'key')],
    ['100 headers', { headers: Array.from({ length: 198 }, (_, at) => `x-${at >> 1}`) }],
  ])('%s', (_name, shape) => {
    expect(inspect(request(shape))).toBeNull();
  });
});

describe('refuses', () => {
  test.each<[string, Shape, number]>([
    ['HTTP/0.9', { version: '0.9' }, 400],
    ['HTTP/2.0', { version: '2.0' }, 400],
    ['101 headers', { headers: Array.from({ length: 200 }, (_, at) => `x-${at >> 1}`) }, 431],
    ['an absolute target', { url: 'http://tollgate/v1/models' }, 400],
    ['a target without a slash', { url: 'v1/models' }, 400],
    ['an asterisk', { method: 'OPTIONS', url: '*' }, 400],
    ...[
      '/v1/..',
      '/v1/./a',
      '/v1//a',
      '/v1\\a',
      '/%2e%2E/a',
      '/v1%2Fa',
      '/v1%5ca',
      '/a%00',
      '/a%0d',
    ]
      .concat(['/v1/%zz', '/v1/%', '/v1/%ff', '/v1/%c3'])
      .map((url): [string, Shape, number] => [`the path ${url}`, { url }, 400]),
    ['no Host', { host: null }, 400],
    ['an empty Host', { host: '' }, 400],
    ['a Host with a path', { host: 'a?/health' }, 400],
    ['a Host with a user', { host: 'me@tollgate' }, 400],
    ['two hosts in one', { host: 'a, b' }, 400],
    ['TE in HTTP/1.0', { ...post('Transfer-Encoding', 'chunked'), version: '1.0' }, 400],
    ['an upgrade', header('Upgrade', 'h2c'), 400],
    ['HTTP2-Settings', header('HTTP2-Settings', 'AAMAAABkAAQAAP__'), 400],
    ['Connection naming a header', header('Connection', 'close, Authorization'), 400],
    ['gzip', post('Content-Encoding', 'gzip'), 415],
    ['two codings', post('Content-Encoding', 'identity, gzip'), 415],
    ['a GET with a body', header('Content-Length', '1'), 400],
    ['a DELETE with chunks', { ...header('Transfer-Encoding', 'chunked'), method: 'DELETE' }, 400],
    ['an unknown Expect', post('Expect', '200-ok'), 417],
    ['two ways to tell a key', { headers: ['Authorization', 'Bearer a', 'x-api-key', 'a'] }, 400],
  ])('%s', (_name, shape, status) => {
    expect(inspect(request(shape))?.row.http).toBe(status);
  });

  test.each([
    'authorization',
    'x-api-key',
    'content-type',
    'content-length',
    'content-encoding',
    'transfer-encoding',
    'connection',
    'expect',
  ])('a second %s, though it says the same in other letters', (name) => {
    const error = inspect(request(post(name, 'close', name.toUpperCase(), 'close')));
    expect(error).toMatchObject({ code: 'invalid_request', param: name });
  });
});

const upgrade = (...more: string[]) =>
  inspect(
    request({ headers: ['Connection', 'keep-alive, Upgrade', 'Upgrade', 'websocket', ...more] }),
    true,
  );

describe('where protocols may be switched', () => {
  test('an upgrade passes', () => expect(upgrade()).toBeNull());

  test.each([
    ['HTTP/2', ['HTTP2-Settings', 'AAMAAABkAAQAAP__']],
    ['a second upgrade', ['Upgrade', 'h2c']],
    ['a body', ['Content-Length', '5']],
    ['two keys', ['Authorization', 'Bearer a', 'X-Api-Key', 'b']],
  ])('%s does not', (_what, more) => {
    expect(upgrade(...more)?.row.http).toBe(400);
  });

  test('and no other header may be dropped by it', () => {
    const headers = ['Connection', 'Upgrade, Authorization', 'Upgrade', 'websocket'];
    expect(inspect(request({ headers }), true)?.message).toMatch('names other headers');
  });
});
