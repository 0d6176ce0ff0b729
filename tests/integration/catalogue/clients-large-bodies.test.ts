import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { inChunks, rawRequest, type RawRequest } from '../../support/raw-request.ts';
import { answered, closed, flood, play, send } from '../../support/scripted-client.ts';
import { arrivals } from '../proxy/fixture.ts';
import { BOUNDARY, form } from '../proxy/bad-bodies.ts';
import { ask, expectRefusal, expectServing, marks } from './fixture-clients.ts';

const gateway = gatewayOfFile({ env: { MAX_BODY_MB: '1' } });

const MIB = 1024 * 1024;
const CHAT = '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}';

const post = (headers: RawRequest['headers'], body: string | Buffer = '', key = gateway().key) =>
  rawRequest({
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
  });

test('C17: a body whose length is over the limit is refused before any of it is read', async () => {
  const before = await marks(gateway());
  const { answers } = await ask(gateway(), post({ 'content-length': 60 * MIB }));
  expectRefusal(answers, { status: 413, code: 'payload_too_large' });
  expect(await marks(gateway())).toEqual(before);
  await expectServing(gateway());
});

test('C17: a body that grows over the limit in chunks is cut at it', async () => {
  const before = await marks(gateway());
  const chunk = inChunks(Buffer.alloc(65_536, ' '), 65_536).subarray(0, -5);
  const { answers, ending, received } = await play(
    gateway().url,
    send(post({ 'transfer-encoding': 'chunked' })),
    flood(chunk, 40),
    closed(),
  );
  expectRefusal(answers, { status: 413, code: 'payload_too_large' });
  expect(ending).toBe('closed');
  expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(await marks(gateway())).toEqual(before);
  await expectServing(gateway());
});

test('C17: a body in chunks under the limit is served', async () => {
  const { answers } = await play(
    gateway().url,
    send(post({ 'transfer-encoding': 'chunked' }), inChunks(CHAT, 7)),
    answered(),
  );
  expect(answers.map(({ status }) => status)).toEqual([200]);
});

const EXPECT = { expect: '100-continue' };

test.each<[string, number, () => Buffer]>([
  ['without a key', 401, () => post({ ...EXPECT, 'content-length': 60 * MIB }, '', 'sk-tg-none')],
  ['over the limit', 413, () => post({ ...EXPECT, 'content-length': 60 * MIB })],
  [
    'of another type',
    415,
    () => post({ ...EXPECT, 'content-type': 'text/plain', 'content-length': 9 }),
  ],
])('C17: who asks before sending a body %s is not told to go on', async (_name, status, head) => {
  const before = await marks(gateway());
  const { answers, ending } = await play(gateway().url, send(head()), closed());
  expectRefusal(answers, { status });
  expect(ending).toBe('closed');
  expect(await marks(gateway())).toEqual(before);
});

test('C17: who asks before sending a good body is told to go on', async () => {
  const head = post({ ...EXPECT, 'content-length': CHAT.length });
  const { answers } = await play(gateway().url, send(head), answered(), send(CHAT), answered(2));
  expect(answers.map(({ status }) => status)).toEqual([100, 200]);
});

const BOMB = Buffer.from(`{"model":"gpt-4o-mini","user":"${' '.repeat(20 * MIB)}"}`);

test.each<[string, () => Buffer]>([
  ['gzip', () => gzipSync(CHAT)],
  ['deflate', () => deflateSync(CHAT)],
  ['br', () => brotliCompressSync(CHAT)],
  ['zstd', () => zstdCompressSync(CHAT)],
  ['gzip, gzip', () => gzipSync(gzipSync(CHAT))],
  ['gzip', () => gzipSync(BOMB)],
])('C21: a body compressed as %s is not unpacked', async (coding, body) => {
  const before = await marks(gateway());
  const request = post({ 'content-encoding': coding }, body());
  const { answers, ending } = await play(gateway().url, send(request), closed());
  expectRefusal(answers, { status: 415, code: 'unsupported_media_type' });
  expect(ending).toBe('closed');
  expect(await marks(gateway())).toEqual(before);
  await expectServing(gateway());
});

const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;
const MODEL = ['model', 'whisper-1'] as const;
const many = Array.from({ length: 10_000 }, (_, at) => [`f${at}`, '1'] as const);

const upload = (type: string, body: string): Buffer =>
  rawRequest({
    path: '/v1/audio/transcriptions',
    headers: { authorization: `Bearer ${gateway().key}`, 'content-type': type },
    body,
  });

test.each<[string, number, string, string]>([
  ['no boundary', 400, 'multipart/form-data', form([MODEL])],
  ['an empty boundary', 415, 'multipart/form-data; boundary=', form([MODEL])],
  ['another boundary', 400, 'multipart/form-data; boundary=other', form([MODEL])],
  ['10,000 fields', 400, FORM_TYPE, form([...many, MODEL])],
  [
    '10,000 files',
    400,
    FORM_TYPE,
    form([...many.map(([name]) => [name, '1', 'a'] as const), MODEL]),
  ],
])('C36: a form with %s is refused', async (_name, status, type, body) => {
  const before = await marks(gateway());
  const { answers } = await ask(gateway(), upload(type, body));
  expectRefusal(answers, { status });
  expect(await marks(gateway())).toEqual(before);
  await expectServing(gateway());
});

test.each(['../../etc/passwd', '..\\..\\boot.ini', '/etc/passwd', 'a\0.mp3', 'a%00.mp3'])(
  'C36: a file that is called %j is passed on unread, and touches nothing here',
  async (name) => {
    const body = form([MODEL, ['file', 'sound', name]]);
    const { answers } = await ask(gateway(), upload(FORM_TYPE, body));
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(arrivals(gateway()).at(-1)).toMatchObject({ requestBytes: Buffer.byteLength(body) });
  },
);
