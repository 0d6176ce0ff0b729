import { afterEach, describe, expect, test } from '@jest/globals';
import { msOf, quickest } from '../../support/fastest-of.ts';
import { gatewayOfFile } from '../../support/gateway.ts';
import { repliesOf } from '../../support/raw-client.ts';
import { JSON_BODY, requestsTo, text } from '../edge/requests.ts';
import { BOUNDARY, badForms, badJson, form, goodForms, oddJson } from './bad-bodies.ts';
import type { BadBody } from './bad-bodies.ts';

const LIMIT_MS = 50;
const TRIES = 10;
const CHAT = '/v1/chat/completions';
const SPEECH = '/v1/audio/transcriptions';
const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

const gateway = gatewayOfFile();
const { clean, connect, headers, reached } = requestsTo(gateway);

afterEach(clean);

interface Refusal {
  status?: number;
  param?: string | null;
}

async function expectRefusal(response: Response, { status = 400, param = null }: Refusal) {
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  const body: unknown = await response.json();
  expect({ status: response.status, body }).toEqual({
    status,
    body: {
      error: {
        message: expect.stringMatching(/./),
        type: 'invalid_request_error',
        param,
        code: expect.stringMatching(/^[a-z_]+$/),
      },
    },
  });
}

const fastestMs = (call: () => Promise<unknown>, limitMs = LIMIT_MS): Promise<number> =>
  quickest(limitMs, TRIES, () => msOf(call));

/** Refused quickly, nothing sent upstream, nothing on record, and the next call is served. */
async function expectRefused(
  send: () => Promise<Response>,
  refusal: Refusal,
  limitMs = LIMIT_MS,
): Promise<void> {
  const before = reached().length;
  const records = (await gateway().records()).length;
  const ms = await fastestMs(async () => expectRefusal(await send(), refusal), limitMs);
  expect(ms).toBeLessThan(limitMs);
  expect(reached()).toHaveLength(before);
  expect(await gateway().records()).toHaveLength(records);
}

const post = (path: string, body: string | Buffer, type: string) =>
  gateway().fetch(path, { body, headers: { 'content-type': type } });
const named = (rows: BadBody[]) => rows.map((row) => [row.name, row] as const);
const refusalOf = ({ status, param }: BadBody): Refusal => ({
  ...(status === undefined ? {} : { status }),
  ...(param === undefined ? {} : { param }),
});

describe('a JSON body', () => {
  test.each(named(badJson))('of %s', async (_name, row) => {
    // What is promised is the time that judging takes; megabytes also take theirs to arrive.
    const limitMs = row.body.length > 1e6 ? Number.POSITIVE_INFINITY : LIMIT_MS;
    await expectRefused(() => post(CHAT, row.body, 'application/json'), refusalOf(row), limitMs);
  });

  test.each(named(oddJson))('of %s is served', async (_name, row) => {
    const response = await post(CHAT, row.body, 'application/json');
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(reached().at(-1)).toMatchObject({ requestBytes: Buffer.byteLength(row.body) });
  });
});

describe('a content type', () => {
  test.each([
    'text/plain',
    'application/jsonx',
    'application/json/x',
    'application/x-json',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-8',
    'application/json; boundary=x',
    'application/json\t; charset=utf-8',
    'application/json, text/plain',
    'application/json;',
    'application/x-www-form-urlencoded',
    FORM_TYPE,
  ])('%j on a JSON route', async (type) => {
    await expectRefused(() => post(CHAT, JSON_BODY, type), { status: 415, param: 'content-type' });
  });

  test('missing on a JSON route', async () => {
    await expectRefused(() => post(CHAT, JSON_BODY, ''), { status: 415, param: 'content-type' });
  });

  test.each(['application/json', 'multipart/mixed; boundary=a', 'text/plain', ''])(
    '%j on a form route',
    async (type) => {
      await expectRefused(() => post(SPEECH, JSON_BODY, type), {
        status: 415,
        param: 'content-type',
      });
    },
  );

  test.each([
    'application/json; charset=utf-8',
    'APPLICATION/JSON;charset="UTF-8"',
    'application/json\t',
  ])('%j is taken', async (type) => {
    const response = await post(CHAT, JSON_BODY, type);
    await response.arrayBuffer();
    expect(response.status).toBe(200);
  });
});

describe('a form', () => {
  test.each(named(badForms))('of %s', async (_name, row) => {
    await expectRefused(() => post(SPEECH, row.body, FORM_TYPE), refusalOf(row));
  });

  test.each([
    ['no boundary', 'multipart/form-data', 400],
    ['an empty boundary', 'multipart/form-data; boundary=', 415],
    ['a boundary too long', `multipart/form-data; boundary=${'b'.repeat(300)}`, 415],
    ['two boundaries', `${FORM_TYPE}; boundary=other`, 415],
  ])('with %s', async (_name, type, status) => {
    const body = form([['model', 'whisper-1']]);
    await expectRefused(() => post(SPEECH, body, type), { status, param: 'content-type' });
  });

  test.each(named(goodForms))('with %s is served as it came', async (_name, row) => {
    const response = await post(SPEECH, row.body, FORM_TYPE);
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    expect(reached().at(-1)).toMatchObject({
      model: 'whisper-1',
      requestBytes: Buffer.byteLength(row.body),
    });
  });

  test('with a second model far behind the first never becomes whole upstream', async () => {
    const served = (await gateway().records()).length;
    const finished = gateway().sandbox.witness.entries.length;
    const body = form([
      ['model', 'whisper-1'],
      ['file', 'x'.repeat(3e6), 'a'],
      ['model', 'tts-1'],
    ]);
    await expectRefusal(await post(SPEECH, body, FORM_TYPE), { param: 'model' });
    const [record, ...more] = (await gateway().records()).slice(served);
    // It was on its way when it was found out, so it is on record, at no cost.
    expect(record).toMatchObject({ outcome: 'voided', reason: 'invalid_request', costNano: 0n });
    expect(more).toEqual([]);
    const answers = gateway()
      .sandbox.witness.entries.slice(finished)
      .filter((entry) => entry.kind === 'finished' && entry.outcome === 'completed');
    expect(answers).toEqual([]);
  });
});

test('a body of 60 MB is refused by its length alone', async () => {
  const before = reached().length;
  const head = text([
    `POST ${CHAT} HTTP/1.1`,
    ...headers(),
    'Content-Type: application/json',
    `Content-Length: ${60 * 1024 * 1024}`,
  ]);
  const ms = await fastestMs(async () => {
    const client = connect().send(head);
    const [reply] = repliesOf(await client.until(/\}\}$/));
    expect(reply?.status).toBe(413);
    expect(JSON.parse(reply?.body ?? '')).toMatchObject({ error: { code: 'payload_too_large' } });
    client.leave();
  });
  expect(ms).toBeLessThan(LIMIT_MS);
  expect(reached()).toHaveLength(before);
  expect(await gateway().records()).not.toContainEqual(expect.objectContaining({ status: 413 }));
});

test('after all that, calls are served', async () => {
  const response = await gateway().chat();
  await response.arrayBuffer();
  expect(response.status).toBe(200);
});
