import { afterEach, describe, expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { repliesOf } from '../../support/raw-client.ts';
import { requestsTo, text } from './requests.ts';

const gateway = gatewayOfFile({ sandbox: { chunkCount: 20, chunkPaceMs: 5 } });
const { clean, chatOf, connect, get, headers, reached } = requestsTo(gateway);

afterEach(clean);

const CHAT = 'POST /v1/chat/completions HTTP/1.1';
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');
const SIZE = `Content-Length: ${60 * MEGABYTE.length}`;

describe('while 60 MB are being sent', () => {
  test.each<[string, number, () => Buffer]>([
    [
      'a body over the limit',
      413,
      () => text([CHAT, ...headers(), 'Content-Type: application/json', SIZE]),
    ],
    ['an unknown key', 401, () => text([CHAT, 'Host: tollgate', 'Authorization: Bearer x', SIZE])],
    ['an odd request', 400, () => text([CHAT, ...headers(), 'Host: other', SIZE])],
    ['no HTTP at all', 400, () => Buffer.from('no HTTP at all\r\n\r\n')],
  ])('%s is told so, 6 times of 6', async (_name, status, head) => {
    const outcomes = [];
    for (let round = 0; round < 6; round += 1) {
      const client = connect();
      await client.sendBeforeReading(head(), ...Array.from({ length: 60 }, () => MEGABYTE));
      const [reply] = repliesOf(await client.until(/\}\}$/));
      outcomes.push(reply?.status ?? client.error?.code);
      client.leave();
    }
    expect(outcomes).toEqual(Array.from({ length: 6 }, () => status));
  });
});

const stream = () =>
  chatOf('{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"Hi"}]}');

describe('behind a call that is being answered', () => {
  test.each<[string, () => Buffer | string]>([
    ['an odd request', () => get('/v1/../admin')],
    ['no HTTP at all', () => 'no HTTP at all\r\n\r\n'],
  ])('%s is refused after that answer, and nothing else is executed', async (_name, second) => {
    const before = reached().length;
    const client = connect().send(
      Buffer.concat([stream(), Buffer.from(second()), get('/v1/models')]),
    );
    await client.until('data: ');
    client.send(get('/v1/models'));
    const received = await client.closed();
    const end = received.indexOf('data: [DONE]\n\n\r\n0\r\n\r\n');
    expect(end).toBeGreaterThan(0);
    expect(received.slice(0, end).match(/HTTP\/1\.1/g)).toHaveLength(1);
    const [refusal, ...more] = repliesOf(received.slice(received.indexOf('HTTP/1.1 400')));
    expect(received.indexOf('HTTP/1.1 400')).toBeGreaterThan(end);
    expect(refusal?.status).toBe(400);
    expect(more).toEqual([]);
    expect(reached()).toHaveLength(before + 1);
  });
});
