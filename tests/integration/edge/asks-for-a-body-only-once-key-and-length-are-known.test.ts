import { afterEach, expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { repliesOf } from '../../support/raw-client.ts';
import { JSON_BODY, json, requestsTo, text } from './requests.ts';

const gateway = gatewayOfFile();
const { clean, connect, headers, reached } = requestsTo(gateway);

afterEach(clean);

const CHAT = 'POST /v1/chat/completions HTTP/1.1';
const EXPECT = 'Expect: 100-continue';
const STRANGER = ['Host: tollgate', 'Authorization: Bearer sk-tg-unknown'];

test.each<[string, number, () => string[]]>([
  ['a call without a valid key', 401, () => [...STRANGER, ...json()]],
  ['a long call without a valid key', 401, () => [...STRANGER, 'Content-Length: 62914560']],
  [
    'a call longer than the limit',
    413,
    () => [...headers(), 'Content-Type: application/json', 'Content-Length: 62914560'],
  ],
  ['a call of another type', 415, () => [...headers(), 'Content-Length: 5']],
])('%s is refused without 100', async (_name, status, lines) => {
  // The client was told nothing, so whatever it sends next is neither body nor request.
  const client = connect().send(text([CHAT, ...lines(), EXPECT]));
  const replies = repliesOf(await client.closed());
  expect(replies.map((reply) => reply.status)).toEqual([status]);
  expect(replies[0]?.headers.get('connection')).toBe('close');
  expect(client.error).toBeUndefined();
  expect(reached()).toEqual([]);
});

test('a good call is told to go on, and its connection is kept', async () => {
  const client = connect().send(text([CHAT, ...headers(), ...json(), EXPECT]));
  expect(await client.until('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  await client.send(JSON_BODY).until('chatcmpl-');
  const [, answer] = repliesOf(client.received);
  expect(answer?.status).toBe(200);
  expect(answer?.headers.get('connection')).not.toBe('close');
  await client.send(text(['GET /livez HTTP/1.1', 'Host: tollgate'])).until('"ok"');
  expect(client.received).toContain('{"status":"ok"}');
});
