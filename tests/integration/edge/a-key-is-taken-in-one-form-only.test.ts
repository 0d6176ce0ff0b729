import { afterEach, expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { repliesOf } from '../../support/raw-client.ts';
import { requestsTo, text } from './requests.ts';

const gateway = gatewayOfFile();
const { clean, connect, reached } = requestsTo(gateway);

afterEach(clean);

const MODELS = 'GET /v1/models HTTP/1.1';

const forms: [string, (key: string) => string[]][] = [
  ['none', () => [MODELS]],
  ['without a scheme', (key) => [MODELS, `Authorization: ${key}`]],
  ['with the scheme in lower case', (key) => [MODELS, `Authorization: bearer ${key}`]],
  ['after two blanks', (key) => [MODELS, `Authorization: Bearer  ${key}`]],
  ['after a tab', (key) => [MODELS, `Authorization: Bearer\t${key}`]],
  ['in quotes', (key) => [MODELS, `Authorization: Bearer "${key}"`]],
  ['twice in one header', (key) => [MODELS, `Authorization: Bearer ${key}, Bearer ${key}`]],
  ['with 10 KB behind it', (key) => [MODELS, `Authorization: Bearer ${key}${'x'.repeat(10_240)}`]],
  ['with a letter beyond ASCII', (key) => [MODELS, `Authorization: Bearer ${key}\xe9`]],
  ['in upper case', (key) => [MODELS, `Authorization: Bearer ${key.toUpperCase()}`]],
  ['without its last letter', (key) => [MODELS, `Authorization: Bearer ${key.slice(0, -1)}`]],
  ['as Basic credentials', (key) => [MODELS, `Authorization: Basic ${btoa(`:${key}`)}`]],
  ['in x-api-key alone', (key) => [MODELS, `x-api-key: ${key}`]],
  ['in the query', (key) => [`GET /v1/models?api_key=${key}&key=${key} HTTP/1.1`]],
  ['in a cookie', (key) => [MODELS, `Cookie: Authorization=Bearer ${key}`]],
];

test.each(forms)('a key %s is no key', async (_form, lines) => {
  const before = reached().length;
  const client = connect().send(text([...lines(gateway().key), 'Host: tollgate']));
  const [reply] = repliesOf(await client.until(/\}\}$/));
  expect(reply?.status).toBe(401);
  expect(reply?.headers.get('x-should-retry')).toBe('false');
  expect(JSON.parse(reply?.body ?? '')).toMatchObject({ error: { code: 'invalid_api_key' } });
  expect(reply?.body).not.toContain(gateway().key);
  expect(reached()).toHaveLength(before);
});

test('the one form is taken', async () => {
  const client = connect().send(
    text([MODELS, 'Host: tollgate', `Authorization: Bearer ${gateway().key}`]),
  );
  expect(await client.until('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
});
