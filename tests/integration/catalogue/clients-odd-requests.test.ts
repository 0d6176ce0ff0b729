import { expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { rawRequest, type RawRequest } from '../../support/raw-request.ts';
import { answered, closed, play, send } from '../../support/scripted-client.ts';
import { ask, chatOf, expectRefusal, expectServing, marks } from './fixture-clients.ts';

const gateway = gatewayOfFile();

const JSON_TYPE = { 'content-type': 'application/json' };
const CHAT = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}';

/** With a key, so that only its oddity can be what it is refused for. */
const keyed = ({ headers, ...request }: RawRequest): Buffer =>
  rawRequest({ ...request, headers: { authorization: `Bearer ${gateway().key}`, ...headers } });

const models = (headers: RawRequest['headers'] = {}): Buffer =>
  keyed({ method: 'GET', path: '/v1/models', headers });

type Row = [name: string, request: () => Buffer | string, status?: number];

/** Refused once, the connection closed, and nothing behind it executed. */
async function expectClosed(request: Buffer | string, status: number): Promise<void> {
  const before = await marks(gateway());
  const smuggled = chatOf(gateway());
  const { answers, ending } = await play(gateway().url, send(request, smuggled), closed());
  expect(ending).toBe('closed');
  expectRefusal(answers, { status });
  expect(answers[0]?.headers.get('connection')).toBe('close');
  expect(await marks(gateway())).toEqual(before);
  await expectServing(gateway());
}

const chunked = (body: string, headers: RawRequest['headers'] = {}): Buffer =>
  keyed({ headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked', ...headers }, body });
const sized = (length: string | readonly string[]): Buffer =>
  keyed({ headers: { ...JSON_TYPE, 'content-length': length }, body: CHAT });

const SMUGGLING: Row[] = [
  ['a length and chunks', () => chunked('0\r\n\r\n', { 'content-length': 3 })],
  ['two lengths', () => sized([String(CHAT.length), String(CHAT.length)])],
  ['a list of lengths', () => sized(`${CHAT.length}, ${CHAT.length}`)],
  ['a signed length', () => sized(`+${CHAT.length}`)],
  ['a length in hexadecimal', () => sized(`0x${CHAT.length.toString(16)}`)],
  ['a length beyond every number', () => sized('9'.repeat(30))],
  [
    'chunks that are not the last coding',
    () => chunked('', { 'transfer-encoding': 'chunked, identity' }),
  ],
  ['a coding that is none', () => chunked('', { 'transfer-encoding': 'xchunked' })],
  ['chunks twice', () => chunked('', { 'transfer-encoding': ['chunked', 'chunked'] })],
  ['chunks in HTTP/1.0', () => chunked('').toString().replace('HTTP/1.1', 'HTTP/1.0')],
  ['a chunk size that is none', () => chunked('zz\r\n')],
  ['a chunk that is longer than it says', () => chunked('1\r\nabc\r\n0\r\n\r\n')],
  ['chunks ended by LF alone', () => chunked('1\na\n0\n\n')],
  ['LF in a chunk extension', () => chunked('1;a\nb\r\nx\r\n0\r\n\r\n')],
  ['a blank before a colon', () => models({ 'x-a ': 'b' })],
  ['a folded header', () => models({ 'x-a': 'b\r\n c' })],
  ['a header ended by LF alone', () => models({ 'x-a': 'b\nx-b: c' })],
  ['CR in a header', () => models({ 'x-a': 'b\rc' })],
  ['NUL in a header', () => models({ 'x-a': 'b\0c' })],
  ['two Hosts', () => models({ host: ['one', 'two'] })],
  ['a Host with a path', () => models({ host: 'a?/health' })],
  ['no Host', () => models({ host: null })],
  ['an absolute target', () => keyed({ method: 'GET', path: 'http://gateway/v1/models' })],
  ['a Connection that names Authorization', () => models({ connection: 'close, Authorization' })],
  ['a GET with a body', () => keyed({ method: 'GET', path: '/v1/models', body: 'abcd' })],
  [
    'two Content-Types',
    () => keyed({ headers: { 'content-type': ['application/json', 'text/plain'] }, body: CHAT }),
  ],
];

test.each(SMUGGLING)('C16: %s: refused, and what follows is not executed', (_name, request) =>
  expectClosed(request(), 400),
);

test.each(['200-ok', '100-continue, x', 'x=y'])('C18: Expect: %s is refused', (value) =>
  expectClosed(chatOf(gateway(), {}, { expect: value }), 417),
);

const OTHER_PROTOCOLS: Row[] = [
  ['HTTP/0.9', () => 'GET /v1/models\r\n\r\n'],
  ['HTTP/1.9', () => rawRequest({ line: 'GET /v1/models HTTP/1.9' })],
  ['HTTP/3.0', () => rawRequest({ line: 'GET /v1/models HTTP/3.0' })],
  [
    'an upgrade to h2c',
    () =>
      models({
        connection: 'Upgrade, HTTP2-Settings',
        upgrade: 'h2c',
        'http2-settings': 'AAMAAABkAAQAAP__',
      }),
  ],
  ['an upgrade to websocket', () => models({ connection: 'Upgrade', upgrade: 'websocket' })],
  ['an HTTP/2 preface', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['CONNECT', () => keyed({ line: 'CONNECT gateway:443 HTTP/1.1' }), 405],
];

test.each(OTHER_PROTOCOLS)('C37: %s is not spoken', (_name, request, status = 400) =>
  expectClosed(request(), status),
);

test('C37: HTTP/1.0 is served, and its connection closed', async () => {
  const call = chatOf(gateway(), {}, { host: null }).toString().replace('HTTP/1.1', 'HTTP/1.0');
  const { answers, ending } = await play(gateway().url, send(call), closed());
  expect(ending).toBe('closed');
  expect(answers.map(({ status }) => status)).toEqual([200]);
});

const ELSEWHERE: Row[] = [
  ['GET where POST is meant', () => keyed({ method: 'GET' }), 405],
  ['PUT', () => keyed({ method: 'PUT', headers: JSON_TYPE, body: CHAT }), 405],
  ['PATCH', () => keyed({ method: 'PATCH', headers: JSON_TYPE, body: CHAT }), 405],
  ['DELETE', () => keyed({ method: 'DELETE' }), 405],
  [
    'POST where GET is meant',
    () => keyed({ path: '/v1/models', headers: JSON_TYPE, body: '{}' }),
    405,
  ],
  ['OPTIONS', () => keyed({ method: 'OPTIONS' }), 405],
  ['TRACE', () => keyed({ method: 'TRACE' }), 405],
  ['another type', () => keyed({ headers: { 'content-type': 'text/plain' }, body: CHAT }), 415],
  ['no type', () => keyed({ body: CHAT }), 415],
  ...(
    [
      ['/V1/chat/completions', 404],
      ['/v1/Chat/Completions', 404],
      ['/v1/chat/completions/', 404],
      ['/v1/chat/completions;v=2', 404],
      ['/v1/chat/completions%20', 404],
      ['/v1/chat', 404],
      ['/v1', 404],
      ['/v1/', 404],
      ['/v2/chat/completions', 404],
      ['/chat/completions', 404],
      ['/v1/admin/keys', 404],
      ['//v1/chat/completions', 400],
      ['/v1//chat/completions', 400],
      ['/v1/chat%2fcompletions', 400],
      ['/v1%2Fchat/completions', 400],
      ['/v1/../v1/chat/completions', 400],
      ['/v1/./chat/completions', 400],
      ['/v1/%2e%2e/chat/completions', 400],
      ['/v1/chat\\completions', 400],
      ['/v1/chat/completions%00', 400],
      ['/v1/chat/completions\0', 400],
      ['/v1/chat/completions%zz', 400],
    ] as const
  ).map(([path, status]): Row => [
    JSON.stringify(path),
    () => keyed({ path, headers: JSON_TYPE, body: CHAT }),
    status,
  ]),
];

test.each(ELSEWHERE)('C24: %s leads nowhere', async (_name, request, status = 404) => {
  const before = await marks(gateway());
  const { answers } = await play(gateway().url, send(request()), answered());
  expectRefusal(answers, { status, ...(status === 415 ? { param: 'content-type' } : {}) });
  expect(await marks(gateway())).toEqual(before);
  await expectServing(gateway());
});

const INJECTED = 'a\\r\\nset-cookie: injected=1';

test.each<Row>([
  ['x-request-id', () => chatOf(gateway(), {}, { 'x-request-id': `\xe9"'<>${INJECTED}` })],
  [
    'a header that goes upstream',
    () => chatOf(gateway(), {}, { 'openai-beta': `\xe9${INJECTED}` }),
  ],
  ['user', () => chatOf(gateway(), { user: 'a\r\nset-cookie: injected=1\r\n\r\n{"level":60}' })],
  ['metadata', () => chatOf(gateway(), { metadata: { 'a\r\nset-cookie': 'injected=1\u2028' } })],
])(
  'C23: an injection in %s reaches neither headers nor lines of the log',
  async (_name, request) => {
    const { answers } = await ask(gateway(), request() as Buffer);
    const [answer] = answers;
    expect(answer?.status).toBe(200);
    expect(answer?.headers.get('x-request-id')).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    expect(answer?.headers.has('set-cookie')).toBe(false);
    expect(JSON.stringify([...(answer?.headers ?? [])])).not.toContain('injected');
    const id = answer?.headers.get('x-request-id');
    const entries = gateway().sandbox.witness.entries;
    expect(entries.findLast(({ kind }) => kind === 'received')).toMatchObject({ requestId: id });
    const lines = gateway().logs().trim().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.anything() });
    expect(gateway().logs()).not.toContain('injected');
  },
);

test.each<Row>([
  ['the model', () => chatOf(gateway(), { model: 'a\r\nset-cookie: injected=1' })],
  ['the path', () => keyed({ method: 'GET', path: '/v1/models/a%0d%0aset-cookie:%20injected=1' })],
  ['the idempotency key', () => chatOf(gateway(), {}, { 'idempotency-key': 'a b\xe9' })],
])('C23: an injection in %s is refused, and not repeated', async (_name, request) => {
  const before = await marks(gateway());
  const { answers, received } = await play(gateway().url, send(request()), answered());
  expect(answers.map(({ status }) => status)).toEqual([400]);
  expect(received).not.toContain('injected');
  expect(await marks(gateway())).toEqual(before);
});
