import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { aChat, aSandbox, KEY } from './fixture.ts';

interface Refusal {
  name: string;
  path?: string;
  key?: string;
  body: string;
  headers?: Record<string, string>;
  status: number;
  error: object;
}

const json = (fields: object): string => JSON.stringify(aChat(fields));

const REFUSALS: Refusal[] = [
  {
    name: 'an unknown key',
    key: 'vck_wrong',
    body: json({}),
    status: 401,
    error: { code: 'invalid_api_key' },
  },
  {
    name: 'an unknown model',
    body: json({ model: 'gpt-none' }),
    status: 404,
    error: { code: 'model_not_found' },
  },
  {
    name: 'a model of another service',
    body: json({ model: 'whisper-1' }),
    status: 400,
    error: { param: 'model' },
  },
  { name: 'no model', body: '{"messages":[]}', status: 400, error: { param: 'model' } },
  { name: 'broken JSON', body: '{"model":', status: 400, error: { code: null } },
  { name: 'an array', body: '[]', status: 400, error: {} },
  { name: 'no messages', body: json({ messages: [] }), status: 400, error: { param: 'messages' } },
  {
    name: 'a message without role',
    body: json({ messages: [{}] }),
    status: 400,
    error: { param: 'messages[0].role' },
  },
  { name: 'a bad n', body: json({ n: 0 }), status: 400, error: { param: 'n' } },
  {
    name: 'a bad cap',
    body: json({ max_tokens: 1.5 }),
    status: 400,
    error: { param: 'max_tokens' },
  },
  { name: 'a bad stream', body: json({ stream: 'yes' }), status: 400, error: { param: 'stream' } },
  {
    name: 'a form that is none',
    path: '/v1/audio/transcriptions',
    body: json({}),
    status: 400,
    error: {},
  },
  { name: 'a path outside /v1', path: '/v2/chat', body: json({}), status: 404, error: {} },
  {
    name: 'an unknown fault',
    body: json({}),
    headers: { 'x-sandbox-fault': 'no-such-fault' },
    status: 400,
    error: { code: 'unknown_fault' },
  },
  {
    name: 'an unreadable control',
    body: json({}),
    headers: { 'x-sandbox-usage': 'cached=many' },
    status: 400,
    error: { param: 'x-sandbox-usage' },
  },
];

describe('refusals', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await aSandbox();
  });

  afterAll(() => sandbox.close());

  test.each(REFUSALS)('$name', async (refusal) => {
    const reply = await fetch(sandbox.url + (refusal.path ?? '/v1/chat/completions'), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${refusal.key ?? KEY}`,
        'content-type': 'application/json',
        ...refusal.headers,
      },
      body: refusal.body,
    });
    expect(reply.status).toBe(refusal.status);
    expect(await reply.json()).toEqual({
      error: {
        message: expect.any(String),
        type: 'invalid_request_error',
        param: null,
        code: null,
        ...refusal.error,
      },
    });
  });
});
