import { expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { rawRequest, type RawRequest } from '../../support/raw-request.ts';
import { ask, chatOf, expectRefusal, expectServing, marks } from './fixture-clients.ts';

const gateway = gatewayOfFile();

type Headers = NonNullable<RawRequest['headers']>;
type Form = [
  name: string,
  status: number,
  headers: (key: string) => Headers,
  path?: (key: string) => string,
];

const usual = (): string => '/v1/models';

const models = (headers: Headers, path: string): Buffer =>
  rawRequest({ method: 'GET', path, headers });

const FORMS: Form[] = [
  ['none', 401, () => ({})],
  ['without its scheme', 401, (key) => ({ authorization: key })],
  ['with bearer in lower case', 401, (key) => ({ authorization: `bearer ${key}` })],
  ['after two blanks', 401, (key) => ({ authorization: `Bearer  ${key}` })],
  ['after a tab', 401, (key) => ({ authorization: `Bearer\t${key}` })],
  ['twice in one header', 401, (key) => ({ authorization: `Bearer ${key}, Bearer ${key}` })],
  ['with 10 KB behind it', 401, (key) => ({ authorization: `Bearer ${key}${'x'.repeat(10_240)}` })],
  ['with a letter beyond ASCII', 401, (key) => ({ authorization: `Bearer ${key}\xe9` })],
  ['in another case', 401, (key) => ({ authorization: `Bearer ${key.toUpperCase()}` })],
  ['in x-api-key alone', 401, (key) => ({ 'x-api-key': key })],
  ['in a cookie', 401, (key) => ({ cookie: `authorization=Bearer ${key}` })],
  ['in the query', 401, () => ({}), (key) => `/v1/models?api_key=${key}&key=${key}&token=${key}`],
  ['as somebody’s SQL', 401, () => ({ authorization: `Bearer ' or '1'='1` })],
  // Two readers could take different ones.
  ['twice', 400, (key) => ({ authorization: [`Bearer ${key}`, `Bearer ${key}`] })],
  ['behind another', 400, (key) => ({ authorization: ['Bearer sk-tg-other', `Bearer ${key}`] })],
  ['before another', 400, (key) => ({ authorization: [`Bearer ${key}`, 'Bearer sk-tg-other'] })],
  ['beside an x-api-key', 400, (key) => ({ authorization: `Bearer ${key}`, 'x-api-key': key })],
  ['in two x-api-keys', 400, (key) => ({ 'x-api-key': [key, key] })],
];

test.each(FORMS)(
  'C22: a key %s is refused with %i',
  async (_name, status, headers, path = usual) => {
    const before = await marks(gateway());
    const { key } = gateway();
    const { answers, received } = await ask(gateway(), models(headers(key), path(key)));
    expectRefusal(answers, { status, ...(status === 401 ? { code: 'invalid_api_key' } : {}) });
    expect(answers[0]?.headers.get('x-should-retry')).toBe('false');
    expect(received).not.toContain(key);
    expect(await marks(gateway())).toEqual(before);
    await expectServing(gateway());
  },
);

const ORIGINS = ['https://evil.test', 'null', 'http://gateway.evil.test', 'http://127.0.0.1:1'];

const expectClosedToPages = (headers: Map<string, string>): void => {
  const names = [...headers.keys()].filter((name) => name.startsWith('access-control-'));
  expect(names).toEqual([]);
};

test.each(
  ORIGINS.flatMap((origin) =>
    ['/v1/chat/completions', '/v1/models', '/lb/health', '/lb/refresh', '/health', '/metrics'].map(
      (path) => [origin, path] as const,
    ),
  ),
)('C32: a page of %s may not ask for %s', async (origin, path) => {
  const preflight = rawRequest({
    method: 'OPTIONS',
    path,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    },
  });
  const [answer] = (await ask(gateway(), preflight)).answers;
  expect([401, 404, 405]).toContain(answer?.status);
  expectClosedToPages(answer?.headers ?? new Map());
});

test.each(ORIGINS)('C32: what a page of %s sends without asking does nothing', async (origin) => {
  const before = await marks(gateway());
  const asked = gateway().sandbox.witness.entries.length;
  const simple = { origin, 'content-type': 'text/plain' };
  for (const path of ['/v1/chat/completions', '/lb/refresh']) {
    const { answers } = await ask(gateway(), rawRequest({ path, headers: simple, body: '{}' }));
    expectRefusal(answers, { status: 401 });
    expectClosedToPages(answers[0]?.headers ?? new Map());
  }
  expect(await marks(gateway())).toEqual(before);
  expect(gateway().sandbox.witness.entries).toHaveLength(asked);
});

test('C32: a page may not read what a program with a key may, and its own site’s may go on', async () => {
  const { answers } = await ask(gateway(), chatOf(gateway(), {}, { origin: 'https://evil.test' }));
  expect(answers[0]?.status).toBe(200);
  expectClosedToPages(answers[0]?.headers ?? new Map());
  const own = { origin: 'http://gateway', 'content-length': 0 };
  const refreshed = await ask(gateway(), rawRequest({ path: '/lb/refresh', headers: own }));
  expect(refreshed.answers[0]?.status).toBe(200);
});
