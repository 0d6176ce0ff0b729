import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { openaiOf } from '../../support/openai-client.ts';
import { poolAt, rawChat, readSocket, startUpstream } from './fixture.ts';

const said = (text: string) => `data: {"choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
const FINISH = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n';
const USAGE =
  'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n';
const DONE = 'data: [DONE]\n\n';
const PLAIN = said('one') + said('two') + FINISH + USAGE + DONE;

const STREAMS: [name: string, bytes: Buffer][] = [
  ['plain events', Buffer.from(PLAIN)],
  ['CRLF', Buffer.from(PLAIN.replaceAll('\n', '\r\n'))],
  ['CR alone', Buffer.from(PLAIN.replaceAll('\n', '\r'))],
  [
    'comments',
    Buffer.from(
      `: hello\n\n${PLAIN.replaceAll('\n\n', '\n\n: ping\n\n')}`.replace(/: ping\n\n$/, ''),
    ),
  ],
  [
    'other fields',
    Buffer.from(PLAIN.replaceAll('data:', 'id: 7\nevent: message\nretry: 5\ndata:')),
  ],
  ['data without a space', Buffer.from(PLAIN.replaceAll('data: ', 'data:'))],
  ['data on several lines', Buffer.from(PLAIN.replaceAll('"choices":', '"choices":\ndata: '))],
  ['a byte order mark', Buffer.from(`\u{feff}${PLAIN}`)],
  ['a malformed event', Buffer.from(`data: {"choices":[{"del\n\n${PLAIN}`)],
  ['text beyond ASCII', Buffer.from(said('é😀 \\ud83d\\ude00') + PLAIN)],
  [
    'invalid UTF-8',
    Buffer.concat([
      Buffer.from('data: {"choices":[{"delta":{"content":"'),
      Buffer.from([0xff, 0xc3]),
      Buffer.from(`"}}]}\n\n${PLAIN}`),
    ]),
  ],
  ['an event of half a megabyte', Buffer.from(said('x'.repeat(500_000)) + PLAIN)],
];

const HEAD = { 'content-type': 'text/event-stream; charset=utf-8' };

async function streamOf(write: (response: ServerResponse) => void, extra: object = {}) {
  const upstream = await startUpstream((response) => {
    response.writeHead(200, HEAD);
    write(response);
  });
  const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
  const response = await gateway.chat({ stream: true, ...extra });
  return { gateway, response, text: Buffer.from(await response.arrayBuffer()) };
}

const SHOWN = { stream_options: { include_usage: true } };

test.each(STREAMS)('%s: the client gets the very bytes', async (_name, bytes) => {
  const { gateway, text } = await streamOf((response) => response.end(bytes), SHOWN);
  expect(text.equals(bytes)).toBe(true);
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ outcome: 'settled', input: 3, output: 2, isStream: true });
});

test.each(STREAMS.slice(0, 3))('%s, one byte at a time: the same bytes', async (_name, bytes) => {
  const { text } = await streamOf((response) => {
    for (const byte of bytes) response.write(Buffer.from([byte]));
    response.end();
  }, SHOWN);
  // Behind [DONE] only the LF of a CRLF may be missing: for the client the event is over.
  expect(bytes.toString().trimEnd()).toBe(text.toString().trimEnd());
});

describe('the usage event', () => {
  test('is hidden from a client that did not ask for it, and nothing else is', async () => {
    const { gateway, text } = await streamOf((response) => response.end(PLAIN));
    expect(text.toString()).toBe(PLAIN.replace(USAGE, ''));
    expect((await gateway.records())[0]).toMatchObject({ input: 3, output: 2 });
  });

  test('is shown once when it comes twice to a client that asked', async () => {
    const twice = PLAIN.replace(USAGE, USAGE + USAGE);
    const { gateway, text } = await streamOf((response) => response.end(twice), SHOWN);
    expect(text.toString()).toBe(twice);
    expect((await gateway.records())[0]).toMatchObject({ input: 3, output: 2 });
  });

  test('that rides on content is not hidden with it', async () => {
    const riding = said('one').replace(
      '}}]}',
      '}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}',
    );
    const whole = riding + FINISH + USAGE + DONE;
    const { text } = await streamOf((response) => response.end(whole));
    expect(text.toString()).toBe(riding + FINISH + DONE);
  });
});

test.each([
  ['whole', PLAIN],
  ['without [DONE]', PLAIN.replace(DONE, '')],
  ['without a finish_reason', PLAIN.replace(FINISH, '')],
  ['with more behind [DONE]', `${PLAIN}${said('late')}${DONE}`],
  ['whose [DONE] lacks its blank line', PLAIN.trimEnd()],
])('a stream %s ends with exactly one [DONE] and is settled', async (_name, bytes) => {
  const { gateway, text } = await streamOf((response) => response.end(bytes));
  expect(text.toString().match(/\[DONE\]/g)).toHaveLength(1);
  expect(text.toString().trimEnd().endsWith('data: [DONE]')).toBe(true);
  expect(text.toString()).not.toContain('late');
  expect((await gateway.records())[0]).toMatchObject({ outcome: 'settled', reason: 'ok' });
});

test('events written behind [DONE] later are dropped, and the client does not wait for them', async () => {
  const { gateway, text } = await streamOf((response) => {
    response.write(PLAIN);
    // A write of its own for each; the response never ends.
    for (let late = 0; late < 20; late += 1) setImmediate(() => response.write(said('late')));
  });
  expect(text.toString()).toBe(PLAIN.replace(USAGE, ''));
  gateway.clock.advance(1001);
  expect((await gateway.records())[0]).toMatchObject({ outcome: 'settled' });
});

test('each event arrives before the next one is produced', async () => {
  let upstream: ServerResponse | undefined;
  const { baseUrl } = await startUpstream((response) => {
    upstream = response;
    response.writeHead(200, HEAD);
    response.write(said('0'));
  });
  const gateway = await startGateway({ pool: poolAt(baseUrl) });
  const socket = rawChat(gateway, { stream: true });
  const text = await readSocket(socket, (seen) => {
    const last = /"content":"(\d)"[^"]*$/.exec(seen)?.[1];
    if (last === undefined) return seen.includes('[DONE]');
    if (last === '9') upstream?.end(FINISH + USAGE + DONE);
    else upstream?.write(said(String(Number(last) + 1)));
    return false;
  });
  expect(text.match(/"content":"\d"/g)).toHaveLength(10);
});

test.each([
  'crlf-events',
  'one-byte-chunks',
  'comments;count=2',
  'byte-order-mark',
  'dialect;kind=mixed',
])('the SDK reads a stream with %s through the gateway', async (fault) => {
  const gateway = await startGateway();
  const stream = await openaiOf(gateway).chat.completions.create(
    { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], stream: true },
    { headers: { 'x-sandbox-fault': fault } },
  );
  let words = '';
  for await (const chunk of stream) words += chunk.choices[0]?.delta.content ?? '';
  expect(words.length).toBeGreaterThan(10);
  expect((await gateway.records())[0]).toMatchObject({
    outcome: 'settled',
    usageSource: 'reported',
  });
});
